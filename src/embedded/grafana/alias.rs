//! The name of a series in a legend: from its alias pattern or, without one, from what was selected.

use super::upstream::Series;

/// Grafana's name without an alias: `measurement.column {tag: value, …}`.
pub(super) fn plain(series: &Series, column: &str) -> String {
    let base = format!("{}.{column}", series.name);
    if series.tags.is_empty() {
        return base;
    }
    let tags: Vec<_> = series
        .tags
        .iter()
        .map(|(key, value)| format!("{key}: {value}"))
        .collect();
    format!("{base} {{{}}}", tags.join(", "))
}

/// Replaces `$m`, `$measurement`, `$col`, `$tag_x`, `$0…` (parts of the measurement between dots) and the same in
/// `[[…]]`. What names nothing stays as it was typed.
pub(super) fn expand(alias: &str, series: &Series, column: &str) -> String {
    let mut name = String::new();
    let mut rest = alias;
    while let Some(start) = rest.find(['$', '[']) {
        let (before, pattern) = rest.split_at(start);
        name.push_str(before);
        let (typed, word) = first_pattern(pattern);
        name.push_str(&value(word, series, column).unwrap_or_else(|| typed.to_owned()));
        rest = &pattern[typed.len()..];
    }
    name + rest
}

/// The pattern as typed, and the word in it; a `$` or `[` that opens none is itself.
fn first_pattern(text: &str) -> (&str, &str) {
    if let Some(inner) = text.strip_prefix("[[")
        && let Some(end) = inner.find("]]")
    {
        return (&text[..end + 4], &inner[..end]);
    }
    if let Some(inner) = text.strip_prefix('$') {
        let end = inner.find(|c: char| !is_word(c)).unwrap_or(inner.len());
        return (&text[..=end], &inner[..end]);
    }
    (&text[..1], "")
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-' || c == '@'
}

fn value(word: &str, series: &Series, column: &str) -> Option<String> {
    if let Some(tag) = word.strip_prefix("tag_") {
        return series.tags.get(tag).cloned();
    }
    match word {
        "m" | "measurement" => Some(series.name.clone()),
        "col" => Some(column.to_owned()),
        _ => part(&series.name, word),
    }
}

fn part(measurement: &str, word: &str) -> Option<String> {
    let position: usize = word.parse().ok()?;
    measurement.split('.').nth(position).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series() -> Series {
        Series {
            name: "uwsgi.summary".to_owned(),
            tags: [("source", "lab:9191"), ("worker_id", "2")]
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into(),
            ..Series::default()
        }
    }

    #[test]
    fn an_alias_names_measurement_column_and_tags() {
        let table = [
            ("busy", "busy"),
            ("$m", "uwsgi.summary"),
            ("$measurement.$col", "uwsgi.summary.mean"),
            ("[[m]] [[col]]", "uwsgi.summary mean"),
            ("worker $tag_worker_id", "worker 2"),
            ("[[tag_source]]: $col!", "lab:9191: mean!"),
            ("$0/$1", "uwsgi/summary"),
            ("$tag_nothing", "$tag_nothing"),
            ("[[tag_nothing]]", "[[tag_nothing]]"),
            ("$9 [x] $ [[m", "$9 [x] $ [[m"),
            ("µs $col", "µs mean"),
        ];
        for (alias, expected) in table {
            assert_eq!(expand(alias, &series(), "mean"), expected, "{alias}");
        }
    }

    #[test]
    fn without_an_alias_the_name_says_measurement_column_and_tags() {
        assert_eq!(
            plain(&series(), "mean"),
            "uwsgi.summary.mean {source: lab:9191, worker_id: 2}"
        );
        let untagged = Series {
            tags: [].into(),
            ..series()
        };
        assert_eq!(plain(&untagged, "mean"), "uwsgi.summary.mean");
    }
}
