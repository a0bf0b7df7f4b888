//! The results of a query's statements as one document, or as one a chunk; each is written as soon as it is known.

use super::super::answer::{Answer, AnswerSeries, Message};
use super::super::line::Precision;
use super::csv::Tables;
use super::json::{self, Layout, Times};
use super::outlet::{Gone, Outlet};
use super::style::{Format, Style};

/// Writes results in the order of their statements.
pub(super) struct Results {
    outlet: Outlet,
    style: Style,
    layout: Layout,
    tables: Tables,
    begun: bool,
}

/// A stretch of a series' rows.
struct Part<'a> {
    series: &'a AnswerSeries,
    rows: std::ops::Range<usize>,
    /// More of the series is to come.
    partial: bool,
}

impl Results {
    pub(super) fn new(outlet: Outlet, style: Style) -> Self {
        Self {
            outlet,
            style,
            layout: Layout::new(style.pretty),
            tables: Tables::default(),
            begun: false,
        }
    }

    pub(super) fn answer(&mut self, statement: usize, answer: &Answer) -> Result<(), Gone> {
        if self.style.format == Format::Csv {
            let unit = self.style.epoch.unwrap_or(Precision::Nanoseconds);
            return self.tables.answer(&mut self.outlet, answer, unit);
        }
        let parts = parts(answer, self.style.chunk);
        let together = self.style.chunk.map_or(parts.len(), |_| 1).max(1);
        let mut groups = parts.chunks(together).peekable();
        if groups.peek().is_none() {
            self.begin(statement);
            self.messages(&answer.messages);
            return self.end(false);
        }
        while let Some(group) = groups.next() {
            self.begin(statement);
            self.series(answer, group)?;
            self.messages(&answer.messages);
            self.end(groups.peek().is_some())?;
        }
        Ok(())
    }

    pub(super) fn error(&mut self, statement: usize, message: &str) -> Result<(), Gone> {
        if self.style.format == Format::Csv {
            self.tables.error(&mut self.outlet.text, message);
            return Ok(());
        }
        self.begin(statement);
        self.layout.key(&mut self.outlet.text, "error");
        json::string(&mut self.outlet.text, message);
        self.end(false)
    }

    pub(super) fn finish(mut self) -> Result<(), Gone> {
        let is_json = self.style.format == Format::Json;
        if is_json && !self.begun {
            self.outlet.text.extend_from_slice(b"{}\n");
        } else if is_json && self.style.chunk.is_none() {
            self.close_document();
        }
        self.outlet.finish()
    }

    fn begin(&mut self, statement: usize) {
        let text = &mut self.outlet.text;
        if !self.begun || self.style.chunk.is_some() {
            self.layout.open(text, b'{');
            self.layout.key(text, "results");
            self.layout.open(text, b'[');
        }
        self.begun = true;
        self.layout.item(text);
        self.layout.open(text, b'{');
        self.layout.key(text, "statement_id");
        text.extend_from_slice(statement.to_string().as_bytes());
    }

    fn end(&mut self, partial: bool) -> Result<(), Gone> {
        if partial {
            self.layout.key(&mut self.outlet.text, "partial");
            self.outlet.text.extend_from_slice(b"true");
        }
        self.layout.close(&mut self.outlet.text, b'}');
        if self.style.chunk.is_none() {
            return self.outlet.relay();
        }
        self.close_document();
        self.layout = Layout::new(self.style.pretty);
        self.outlet.flush()
    }

    fn close_document(&mut self) {
        let text = &mut self.outlet.text;
        self.layout.close(text, b']');
        self.layout.close(text, b'}');
        text.push(b'\n');
    }

    fn series(&mut self, answer: &Answer, parts: &[Part<'_>]) -> Result<(), Gone> {
        let times = Times {
            epoch: self.style.epoch,
            zone: answer.time_zone.as_ref(),
        };
        self.layout.key(&mut self.outlet.text, "series");
        self.layout.open(&mut self.outlet.text, b'[');
        for part in parts {
            self.head(part.series);
            self.rows(part, times)?;
        }
        self.layout.close(&mut self.outlet.text, b']');
        Ok(())
    }

    /// What a series has besides its rows; what is empty is left out.
    fn head(&mut self, series: &AnswerSeries) {
        let (layout, text) = (&mut self.layout, &mut self.outlet.text);
        layout.item(text);
        layout.open(text, b'{');
        if !series.name.is_empty() {
            layout.key(text, "name");
            json::string(text, &series.name);
        }
        if !series.tags.is_empty() {
            layout.key(text, "tags");
            layout.open(text, b'{');
            for (key, value) in &series.tags {
                layout.key(text, key);
                json::string(text, value);
            }
            layout.close(text, b'}');
        }
        if !series.columns.is_empty() {
            layout.key(text, "columns");
            layout.open(text, b'[');
            for column in &series.columns {
                layout.item(text);
                json::string(text, column);
            }
            layout.close(text, b']');
        }
    }

    fn rows(&mut self, part: &Part<'_>, times: Times<'_>) -> Result<(), Gone> {
        if !part.rows.is_empty() {
            self.layout.key(&mut self.outlet.text, "values");
            self.layout.open(&mut self.outlet.text, b'[');
            for row in &part.series.rows[part.rows.clone()] {
                let text = &mut self.outlet.text;
                self.layout.item(text);
                self.layout.open(text, b'[');
                for cell in row {
                    self.layout.item(text);
                    json::cell(text, cell, times);
                }
                self.layout.close(text, b']');
                self.outlet.relay()?;
            }
            self.layout.close(&mut self.outlet.text, b']');
        }
        if part.partial {
            self.layout.key(&mut self.outlet.text, "partial");
            self.outlet.text.extend_from_slice(b"true");
        }
        self.layout.close(&mut self.outlet.text, b'}');
        Ok(())
    }

    fn messages(&mut self, messages: &[Message]) {
        if messages.is_empty() {
            return;
        }
        let (layout, text) = (&mut self.layout, &mut self.outlet.text);
        layout.key(text, "messages");
        layout.open(text, b'[');
        for message in messages {
            layout.item(text);
            layout.open(text, b'{');
            for (key, value) in [("level", message.level), ("text", &message.text)] {
                layout.key(text, key);
                json::string(text, value);
            }
            layout.close(text, b'}');
        }
        layout.close(text, b']');
    }
}

/// The stretches of all series, of `chunk` rows at most.
fn parts(answer: &Answer, chunk: Option<usize>) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    for series in &answer.series {
        let all = series.rows.len();
        let most = chunk.unwrap_or(all).max(1);
        let mut start = 0_usize;
        loop {
            let end = all.min(start.saturating_add(most));
            parts.push(Part {
                series,
                rows: start..end,
                partial: end < all,
            });
            start = end;
            if start >= all {
                break;
            }
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use tokio::runtime::Handle;
    use tokio::task::spawn_blocking;

    use super::super::super::answer::Cell;
    use super::super::outlet::pipe;
    use super::*;

    const PLAIN: Style = Style {
        format: Format::Json,
        epoch: Some(Precision::Seconds),
        pretty: false,
        chunk: None,
    };

    fn answer() -> Answer {
        let series = |tag: &str, rows: i64| AnswerSeries {
            name: "m".to_owned(),
            tags: vec![("h".to_owned(), tag.to_owned())],
            columns: vec!["time".to_owned(), "x".to_owned()],
            rows: (1..=rows)
                .map(|row| vec![Cell::Time(row * 1_000_000_000), Cell::Float(row as f64 / 2.0)])
                .collect(),
        };
        Answer {
            series: vec![series("a", 3), series("b", 1)],
            ..Answer::default()
        }
    }

    fn warning() -> Answer {
        Answer {
            messages: vec![Message {
                level: "warning",
                text: "old".to_owned(),
            }],
            ..Answer::default()
        }
    }

    /// The document about `answers` in this style; `Err` is an error.
    async fn written(style: Style, answers: Vec<Result<Answer, &'static str>>) -> String {
        let (outlet, inlet) = pipe(Handle::current(), false);
        spawn_blocking(move || {
            let mut results = Results::new(outlet, style);
            for (statement, answer) in answers.iter().enumerate() {
                match answer {
                    Ok(answer) => results.answer(statement, answer)?,
                    Err(message) => results.error(statement, message)?,
                }
            }
            results.finish()
        });
        let body = inlet.body(()).await.unwrap();
        String::from_utf8(to_bytes(body, usize::MAX).await.unwrap().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn results_are_one_document() {
        let answers = vec![Ok(answer()), Ok(Answer::default()), Ok(warning()), Err("bad")];
        let expected = concat!(
            r#"{"results":[{"statement_id":0,"series":["#,
            r#"{"name":"m","tags":{"h":"a"},"columns":["time","x"],"values":[[1,0.5],[2,1],[3,1.5]]},"#,
            r#"{"name":"m","tags":{"h":"b"},"columns":["time","x"],"values":[[1,0.5]]}]},"#,
            r#"{"statement_id":1},"#,
            r#"{"statement_id":2,"messages":[{"level":"warning","text":"old"}]},"#,
            r#"{"statement_id":3,"error":"bad"}]}"#,
            "\n"
        );
        assert_eq!(written(PLAIN, answers).await, expected);
        assert_eq!(written(PLAIN, Vec::new()).await, "{}\n");
    }

    #[tokio::test]
    async fn in_chunks_every_document_says_whether_more_is_to_come() {
        let style = Style {
            chunk: Some(2),
            ..PLAIN
        };
        let expected = concat!(
            r#"{"results":[{"statement_id":0,"series":[{"name":"m","tags":{"h":"a"},"columns":["time","x"],"#,
            r#""values":[[1,0.5],[2,1]],"partial":true}],"partial":true}]}"#,
            "\n",
            r#"{"results":[{"statement_id":0,"series":[{"name":"m","tags":{"h":"a"},"columns":["time","x"],"#,
            r#""values":[[3,1.5]]}],"partial":true}]}"#,
            "\n",
            r#"{"results":[{"statement_id":0,"series":[{"name":"m","tags":{"h":"b"},"columns":["time","x"],"#,
            r#""values":[[1,0.5]]}]}]}"#,
            "\n",
            r#"{"results":[{"statement_id":1,"error":"bad"}]}"#,
            "\n"
        );
        assert_eq!(written(style, vec![Ok(answer()), Err("bad")]).await, expected);
    }

    #[tokio::test]
    async fn in_csv_every_statement_is_a_table() {
        let style = Style {
            format: Format::Csv,
            epoch: None,
            ..PLAIN
        };
        let mut other = answer();
        other.series.truncate(1);
        other.series[0].columns[1] = "y, z".to_owned();
        let answers = vec![Ok(answer()), Ok(Answer::default()), Ok(other), Err("bad, bad")];
        let expected = "name,tags,time,x\n\
                        m,h=a,1000000000,0.5\nm,h=a,2000000000,1\nm,h=a,3000000000,1.5\nm,h=b,1000000000,0.5\n\n\
                        name,tags,time,\"y, z\"\n\
                        m,h=a,1000000000,0.5\nm,h=a,2000000000,1\nm,h=a,3000000000,1.5\n\n\
                        error\n\"bad, bad\"\n";
        assert_eq!(written(style, answers).await, expected);
    }
}
