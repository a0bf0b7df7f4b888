//! Means and intervals side by side, as SVG that stands in a page: a row for each thing that was measured. Knows nothing of what
//! it draws.

use std::fmt::Write as _;

use crate::experiment::Estimate;

use super::chart::{escaped, nice};

const WIDTH: f64 = 720.0;
const ROW: f64 = 46.0;
const AXIS: f64 = 24.0;
const LEFT: f64 = 6.0;
const RIGHT: f64 = 60.0;

/// A thing that was measured.
pub(in crate::report) struct Row {
    pub(in crate::report) name: String,
    pub(in crate::report) estimate: Estimate,
    /// How it is drawn.
    pub(in crate::report) stands: Standing,
    /// What a model said beforehand.
    pub(in crate::report) model: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Standing {
    Good,
    Neutral,
    Bad,
}

pub(in crate::report) struct Intervals<'a> {
    pub(in crate::report) title: &'a str,
    pub(in crate::report) rows: Vec<Row>,
    /// A line to hold against, and its name.
    pub(in crate::report) limit: Option<(f64, &'a str)>,
    /// What dots and lines mean.
    pub(in crate::report) legend: &'a str,
    pub(in crate::report) label: &'a dyn Fn(f64) -> String,
}

impl Intervals<'_> {
    /// Nothing where there is no row.
    pub(in crate::report) fn svg(&self) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let most = nice(self.most());
        let height = ROW * self.rows.len() as f64 + AXIS;
        let mut out = String::new();
        // Writing to a String cannot fail.
        write!(
            out,
            "<figure><figcaption>{}</figcaption><svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">",
            escaped(self.title)
        )
        .ok();
        self.draw_axis(most, height, &mut out);
        for (index, row) in self.rows.iter().enumerate() {
            self.draw_row(row, ROW * index as f64, most, &mut out);
        }
        out.push_str("</svg>");
        write!(out, "<p class=\"legend\">{}</p></figure>", escaped(self.legend)).ok();
        out
    }

    /// What is furthest to the right. Few values may have an interval without end, beside which nothing else would be seen.
    fn most(&self) -> f64 {
        const FURTHEST: f64 = 2.5;
        let means = self
            .rows
            .iter()
            .flat_map(|row| [Some(row.estimate.mean), row.model]);
        let limit = self.limit.map(|(limit, _)| limit);
        let most = means.flatten().chain(limit).fold(0.0, f64::max);
        let ends = self.rows.iter().filter_map(|row| row.estimate.high);
        ends.fold(most, f64::max).min(most * FURTHEST)
    }

    fn draw_axis(&self, most: f64, height: f64, out: &mut String) {
        let bottom = height - AXIS;
        for part in 0..=4 {
            let value = most * f64::from(part) / 4.0;
            let x = place(value, most);
            write!(
                out,
                "<line class=\"grid\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"0\" y2=\"{bottom:.1}\"/>\
                 <text class=\"tick\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"{}\">{}</text>",
                height - 8.0,
                if part == 0 { "start" } else { "middle" },
                escaped(&(self.label)(value))
            )
            .ok();
        }
        if let Some((limit, name)) = self.limit {
            let x = place(limit, most);
            write!(
                out,
                "<line class=\"limit\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"0\" y2=\"{bottom:.1}\"><title>{}</title></line>",
                escaped(name)
            )
            .ok();
        }
    }

    fn draw_row(&self, row: &Row, top: f64, most: f64, out: &mut String) {
        let class = match row.stands {
            Standing::Good => "good",
            Standing::Neutral => "neutral",
            Standing::Bad => "bad",
        };
        let y = top + 35.0;
        let estimate = row.estimate;
        let x = place(estimate.mean.max(0.0), most);
        write!(
            out,
            "<text class=\"row\" x=\"{LEFT}\" y=\"{:.1}\">{} <tspan class=\"value\">{}</tspan></text>",
            top + 20.0,
            escaped(&row.name),
            escaped(&(self.label)(estimate.mean))
        )
        .ok();
        if let (Some(low), Some(high)) = (estimate.low, estimate.high) {
            let (from, to) = (place(low.max(0.0), most), place(high, most));
            let edge = match high > most * 1.05 {
                true => format!(
                    "<text class=\"tick\" x=\"{:.1}\" y=\"{:.1}\">▸ {}</text>",
                    to + 4.0,
                    y + 4.0,
                    escaped(&(self.label)(high))
                ),
                false => String::new(),
            };
            write!(
                out,
                "{edge}<line class=\"whisker {class}\" x1=\"{from:.1}\" x2=\"{to:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>"
            )
            .ok();
        }
        write!(
            out,
            "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"5\"/>"
        )
        .ok();
        if let Some(model) = row.model {
            let x = place(model.max(0.0), most);
            write!(
                out,
                "<path class=\"model\" d=\"M{x:.1} {:.1}l5 6l-5 6l-5 -6z\"><title>model: {}</title></path>",
                y - 6.0,
                escaped(&(self.label)(model))
            )
            .ok();
        }
    }
}

/// What lies beyond the axis ends with the picture.
fn place(value: f64, most: f64) -> f64 {
    LEFT + (value / most).min(1.05) * (WIDTH - LEFT - RIGHT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_have_their_means_and_intervals_where_they_are() {
        let row = |name: &str, low, high| Row {
            name: name.to_owned(),
            estimate: Estimate {
                mean: 100.0,
                low,
                high,
            },
            stands: Standing::Good,
            model: Some(200.0),
        };
        let drawn = Intervals {
            title: "p99",
            rows: vec![row("a < b", Some(50.0), Some(150.0)), row("once", None, None)],
            limit: Some((200.0, "the objective")),
            legend: "● < ○",
            label: &|value| format!("{value}ms"),
        };
        let svg = drawn.svg();
        assert!(
            svg.contains("class=\"whisker good\" x1=\"169.5\" x2=\"496.5\""),
            "{svg}"
        );
        assert!(svg.contains("cx=\"333.0\""), "{svg}");
        assert_eq!(
            svg.matches("whisker").count(),
            1,
            "one value alone has no interval"
        );
        assert!(svg.contains("class=\"limit\" x1=\"660.0\"") && svg.contains("a &lt; b"));
        let nothing = Intervals {
            rows: Vec::new(),
            ..drawn
        };
        assert_eq!(nothing.svg(), "");
    }
}
