//! Line charts as SVG that stands in a page; its colours are the page's. Knows nothing of what it draws.

use std::fmt::Write as _;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 220.0;
const LEFT: f64 = 62.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 28.0;

/// A line. Where a value is not known it has a gap.
pub(in crate::report) struct Line {
    pub(in crate::report) name: String,
    pub(in crate::report) points: Vec<(f64, Option<f64>)>,
    /// Drawn in steps: a value holds until the next.
    pub(in crate::report) steps: bool,
}

pub(in crate::report) struct Chart<'a> {
    pub(in crate::report) title: &'a str,
    pub(in crate::report) lines: Vec<Line>,
    /// Where labels stand on the horizontal axis, and what they say.
    pub(in crate::report) ticks: Vec<(f64, String)>,
    /// Spans of the horizontal axis that are set off: begin, end, name.
    pub(in crate::report) spans: Vec<(f64, f64, String)>,
    /// A number of the vertical axis, in words.
    pub(in crate::report) label: fn(f64) -> String,
}

impl Chart<'_> {
    /// Nothing where there is nothing to draw.
    pub(in crate::report) fn svg(&self) -> String {
        let values = || {
            self.lines
                .iter()
                .flat_map(|line| line.points.iter().filter_map(|(_, value)| *value))
        };
        if values().next().is_none() {
            return String::new();
        }
        let most = nice(values().fold(0.0, f64::max));
        let xs = || {
            self.lines
                .iter()
                .flat_map(|line| line.points.iter().map(|(x, _)| *x))
        };
        let (first, last) = (
            xs().fold(f64::INFINITY, f64::min),
            xs().fold(f64::NEG_INFINITY, f64::max),
        );
        let scale = Scale {
            first,
            last: last.max(first + 1e-9),
            most,
        };
        let mut out = String::new();
        // Writing to a String cannot fail.
        write!(
            out,
            "<figure><figcaption>{}</figcaption><svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\">",
            escaped(self.title)
        )
        .ok();
        self.draw_spans(&scale, &mut out);
        self.draw_axes(&scale, &mut out);
        for (index, line) in self.lines.iter().enumerate() {
            write!(
                out,
                "<path class=\"line c{}\" d=\"{}\"/>",
                index % 6,
                path(line, &scale)
            )
            .ok();
        }
        out.push_str("</svg>");
        self.draw_legend(&mut out);
        out.push_str("</figure>");
        out
    }

    fn draw_spans(&self, scale: &Scale, out: &mut String) {
        for (index, (begin, end, name)) in self.spans.iter().enumerate() {
            let (from, to) = (scale.x(begin.max(scale.first)), scale.x(end.min(scale.last)));
            if to <= from {
                continue;
            }
            let height = HEIGHT - TOP - BOTTOM;
            let shade = index % 2;
            write!(
                out,
                "<rect class=\"span s{shade}\" x=\"{from:.1}\" y=\"{TOP}\" width=\"{:.1}\" height=\"{height}\"><title>{}</title></rect>",
                to - from,
                escaped(name)
            )
            .ok();
        }
    }

    fn draw_axes(&self, scale: &Scale, out: &mut String) {
        for part in 0..=4 {
            let value = scale.most * f64::from(part) / 4.0;
            let y = scale.y(value);
            write!(
                out,
                "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
                 <text class=\"tick\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                WIDTH - RIGHT,
                LEFT - 6.0,
                y + 4.0,
                escaped(&(self.label)(value))
            )
            .ok();
        }
        for (x, text) in &self.ticks {
            let x = scale.x(*x);
            let y = HEIGHT - 8.0;
            write!(
                out,
                "<text class=\"tick\" x=\"{x:.1}\" y=\"{y}\" text-anchor=\"middle\">{}</text>",
                escaped(text)
            )
            .ok();
        }
    }

    fn draw_legend(&self, out: &mut String) {
        out.push_str("<p class=\"legend\">");
        for (index, line) in self.lines.iter().enumerate() {
            write!(
                out,
                "<span class=\"k{}\">{}</span> ",
                index % 6,
                escaped(&line.name)
            )
            .ok();
        }
        out.push_str("</p>");
    }
}

struct Scale {
    first: f64,
    last: f64,
    most: f64,
}

impl Scale {
    fn x(&self, x: f64) -> f64 {
        LEFT + (x - self.first) / (self.last - self.first) * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, y: f64) -> f64 {
        HEIGHT - BOTTOM - y / self.most * (HEIGHT - TOP - BOTTOM)
    }
}

fn path(line: &Line, scale: &Scale) -> String {
    let mut out = String::new();
    let mut pen_down = false;
    for (x, value) in &line.points {
        let Some(value) = value else {
            pen_down = false;
            continue;
        };
        let (x, y) = (scale.x(*x), scale.y(*value));
        match (pen_down, line.steps) {
            (false, _) => write!(out, "M{x:.1} {y:.1}").ok(),
            (true, true) => write!(out, "H{x:.1}V{y:.1}").ok(),
            (true, false) => write!(out, "L{x:.1} {y:.1}").ok(),
        };
        pen_down = true;
    }
    out
}

/// The next of 1, 2, 4, 5 and 8 times a power of ten: its quarters are round too.
pub(in crate::report) fn nice(most: f64) -> f64 {
    if most <= 0.0 {
        return 1.0;
    }
    let power = 10_f64.powf(most.log10().floor());
    let steps = [1.0, 2.0, 4.0, 5.0, 8.0, 10.0];
    let step = steps.into_iter().find(|step| step * power >= most * 0.999_999);
    step.unwrap_or(10.0) * power
}

pub(in crate::report) fn escaped(text: &str) -> String {
    let text = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    text.replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(points: Vec<(f64, Option<f64>)>) -> String {
        let line = Line {
            name: "a < b".to_owned(),
            points,
            steps: false,
        };
        let chart = Chart {
            title: "t",
            lines: vec![line],
            ticks: vec![(0.0, "0s".to_owned())],
            spans: vec![(0.0, 5.0, "calm".to_owned())],
            label: |value| format!("{value}"),
        };
        chart.svg()
    }

    #[test]
    fn a_value_that_is_not_known_is_a_gap() {
        let svg = chart(vec![(0.0, Some(0.0)), (5.0, None), (10.0, Some(4.0))]);
        assert!(svg.contains("d=\"M62.0 192.0M708.0 10.0\""), "{svg}");
        assert!(
            svg.contains("a &lt; b") && svg.contains("<title>calm</title>"),
            "{svg}"
        );
    }

    #[test]
    fn nothing_is_drawn_of_nothing() {
        assert_eq!(chart(vec![(0.0, None)]), "");
    }

    #[test]
    fn axes_end_at_round_numbers() {
        for (most, end) in [
            (0.0, 1.0),
            (1.0, 1.0),
            (3.1, 4.0),
            (7.0, 8.0),
            (95.0, 100.0),
            (250_000.0, 400_000.0),
        ] {
            assert!((nice(most) - end).abs() < 1e-9 * end, "{most}: {}", nice(most));
        }
    }
}
