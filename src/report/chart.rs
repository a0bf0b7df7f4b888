//! Charts as SVG that stands in a page; their colours are the page's. Knows nothing of what it draws.

mod axis;
mod path;

use std::fmt::Write as _;

use super::number;
use axis::Vertical;
pub(in crate::report) use axis::{Axis, nice};
use path::{area, polyline, runs, stacked};

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 256.0;
const LEFT: f64 = 72.0;
const RIGHT: f64 = 14.0;
/// The names of spans and the numbers of marks stand above what is drawn.
const TOP: f64 = 40.0;
const BOTTOM: f64 = 28.0;
/// The page has so many colours of lines.
const COLOURS: usize = 6;
/// Marks that are closer have one number together.
const APART: f64 = 32.0;

/// A line. Where a value is not known it has a gap.
#[derive(Debug, Default)]
pub(in crate::report) struct Line {
    /// A line without a name is not in the legend.
    pub(in crate::report) name: String,
    pub(in crate::report) points: Vec<(f64, Option<f64>)>,
    /// Drawn in steps: a value holds until the next.
    pub(in crate::report) steps: bool,
    pub(in crate::report) stroke: Stroke,
    /// Each point is marked, with a shape that goes with the colour.
    pub(in crate::report) dots: bool,
    /// Its place among the lines, unless it is to look like another.
    pub(in crate::report) colour: Option<usize>,
}

/// Tells lines apart without a colour.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Stroke {
    #[default]
    Solid,
    Dashed,
    Dotted,
}

/// A moment on the horizontal axis to which a text of the page refers by its number.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::report) struct Mark {
    pub(in crate::report) at: f64,
    pub(in crate::report) number: usize,
}

pub(in crate::report) struct Chart<'a> {
    pub(in crate::report) title: &'a str,
    /// A sentence below the title.
    pub(in crate::report) note: &'a str,
    pub(in crate::report) lines: Vec<Line>,
    /// The lines are areas upon each other, the first at the bottom.
    pub(in crate::report) stacked: bool,
    pub(in crate::report) axis: Axis,
    /// Where labels stand on the horizontal axis, and what they say.
    pub(in crate::report) ticks: Vec<(f64, String)>,
    /// Spans of the horizontal axis that are set off: begin, end, name. The axis is as long as they are.
    pub(in crate::report) spans: Vec<(f64, f64, String)>,
    /// In the order of their times.
    pub(in crate::report) marks: Vec<Mark>,
    /// A number of the vertical axis, in words.
    pub(in crate::report) label: fn(f64) -> String,
}

impl Default for Chart<'_> {
    fn default() -> Self {
        Self {
            title: "",
            note: "",
            lines: Vec::new(),
            stacked: false,
            axis: Axis::default(),
            ticks: Vec::new(),
            spans: Vec::new(),
            marks: Vec::new(),
            label: number::rate,
        }
    }
}

impl Chart<'_> {
    /// Nothing where there is nothing to draw. Of points that share a column of pixels the least and the greatest are drawn.
    pub(in crate::report) fn svg(&self) -> String {
        let boundaries = if self.stacked {
            stacked(&self.lines)
        } else {
            Vec::new()
        };
        let values = || {
            self.lines
                .iter()
                .flat_map(known)
                .chain(boundaries.iter().flat_map(|run| heights(run)))
        };
        if values().next().is_none() {
            return String::new();
        }
        let (first, last) = self.extent();
        let frame = Frame {
            first,
            last: last.max(first + 1e-9),
            vertical: Vertical::new(self.axis, values()),
        };
        let mut out = String::new();
        let title = escaped(self.title);
        // Writing to a String cannot fail.
        write!(out, "<figure><figcaption>{title}</figcaption>").ok();
        self.draw_note(&frame, &mut out);
        write!(
            out,
            "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{title}\">"
        )
        .ok();
        self.draw_spans(&frame, &mut out);
        self.draw_axes(&frame, &mut out);
        match self.stacked {
            true => self.draw_areas(&boundaries, &frame, &mut out),
            false => self.draw_lines(&frame, &mut out),
        }
        self.draw_marks(&frame, &mut out);
        out.push_str("</svg>");
        self.draw_legend(&mut out);
        out.push_str("</figure>");
        out
    }

    fn extent(&self) -> (f64, f64) {
        let points = self.lines.iter().flat_map(|line| &line.points).map(|(x, _)| *x);
        let spans = self.spans.iter().flat_map(|(begin, end, _)| [*begin, *end]);
        points
            .chain(spans)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(first, last), x| {
                (first.min(x), last.max(x))
            })
    }

    fn draw_note(&self, frame: &Frame, out: &mut String) {
        let scale = if frame.vertical.is_logarithmic() {
            "Logarithmic scale."
        } else {
            ""
        };
        let note = [self.note, scale].join(" ");
        if !note.trim().is_empty() {
            write!(out, "<p class=\"note\">{}</p>", escaped(note.trim())).ok();
        }
    }

    fn draw_spans(&self, frame: &Frame, out: &mut String) {
        for (index, (begin, end, name)) in self.spans.iter().enumerate() {
            let (from, to) = (frame.x(*begin), frame.x(*end));
            if to <= from {
                continue;
            }
            let (height, width) = (HEIGHT - TOP - BOTTOM, to - from);
            let (shade, name) = (index % 2, escaped(name));
            // The name is cut off where its span ends.
            write!(
                out,
                "<rect class=\"span s{shade}\" x=\"{from:.1}\" y=\"{TOP}\" width=\"{width:.1}\" height=\"{height}\"/>\
                 <svg x=\"{from:.1}\" y=\"0\" width=\"{width:.1}\" height=\"22\"><title>{name}</title>\
                 <text class=\"tick name\" x=\"3\" y=\"16\">{name}</text></svg>"
            )
            .ok();
        }
    }

    fn draw_axes(&self, frame: &Frame, out: &mut String) {
        for value in frame.vertical.ticks() {
            let y = frame.y(value);
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
            let x = frame.x(*x);
            let y = HEIGHT - 8.0;
            write!(
                out,
                "<text class=\"tick\" x=\"{x:.1}\" y=\"{y}\" text-anchor=\"middle\">{}</text>",
                escaped(text)
            )
            .ok();
        }
    }

    fn draw_lines(&self, frame: &Frame, out: &mut String) {
        for (index, line) in self.lines.iter().enumerate() {
            let colour = line.colour(index);
            let mut path = String::new();
            for run in runs(line) {
                let run: Vec<_> = run.iter().map(|(x, y)| (frame.x(*x), frame.y(*y))).collect();
                path.push_str(&polyline(&run));
                if line.dots {
                    run.iter().for_each(|(x, y)| draw_dot(*x, *y, colour, out));
                }
            }
            write!(
                out,
                "<path class=\"line{} c{colour}\" d=\"{path}\"/>",
                line.stroke.class()
            )
            .ok();
        }
    }

    fn draw_areas(&self, boundaries: &[Vec<Vec<(f64, f64)>>], frame: &Frame, out: &mut String) {
        for run in boundaries {
            let placed = |boundary: &Vec<(f64, f64)>| -> Vec<(f64, f64)> {
                boundary.iter().map(|(x, y)| (frame.x(*x), frame.y(*y))).collect()
            };
            let placed: Vec<_> = run.iter().map(placed).collect();
            for (index, (line, pair)) in self.lines.iter().zip(placed.windows(2)).enumerate() {
                let colour = line.colour(index);
                write!(
                    out,
                    "<path class=\"area a{colour}\" d=\"{}\"/>",
                    area(&pair[0], &pair[1])
                )
                .ok();
            }
        }
    }

    fn draw_marks(&self, frame: &Frame, out: &mut String) {
        let mut groups: Vec<(f64, usize, usize)> = Vec::new();
        let mut column = f64::NEG_INFINITY;
        for mark in &self.marks {
            let x = frame.x(mark.at);
            if !(LEFT - 0.5..=WIDTH - RIGHT + 0.5).contains(&x) {
                continue;
            }
            if x - column >= 1.0 {
                write!(
                    out,
                    "<line class=\"mark\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP}\" y2=\"{}\"/>",
                    HEIGHT - BOTTOM
                )
                .ok();
                column = x;
            }
            match groups.last_mut() {
                Some((from, _, last)) if x - *from < APART => *last = mark.number,
                _ => groups.push((x, mark.number, mark.number)),
            }
        }
        for (x, first, last) in groups {
            let text = if first == last {
                first.to_string()
            } else {
                format!("{first}–{last}")
            };
            write!(
                out,
                "<text class=\"tick\" x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{text}</text>",
                TOP - 4.0
            )
            .ok();
        }
    }

    fn draw_legend(&self, out: &mut String) {
        out.push_str("<p class=\"legend\">");
        let named = self
            .lines
            .iter()
            .enumerate()
            .filter(|(_, line)| !line.name.is_empty());
        for (index, line) in named {
            let colour = line.colour(index);
            out.push_str("<span><svg viewBox=\"0 0 28 12\">");
            if self.stacked {
                write!(out, "<rect class=\"area a{colour}\" width=\"28\" height=\"12\"/>").ok();
            } else {
                write!(
                    out,
                    "<path class=\"line{} c{colour}\" d=\"M0 6H28\"/>",
                    line.stroke.class()
                )
                .ok();
            }
            if line.dots {
                draw_dot(14.0, 6.0, colour, out);
            }
            write!(out, "</svg>{}</span> ", escaped(&line.name)).ok();
        }
        out.push_str("</p>");
    }
}

impl Line {
    fn colour(&self, index: usize) -> usize {
        self.colour.unwrap_or(index) % COLOURS
    }
}

impl Stroke {
    fn class(self) -> &'static str {
        match self {
            Self::Solid => "",
            Self::Dashed => " dashed",
            Self::Dotted => " dotted",
        }
    }
}

fn known(line: &Line) -> impl Iterator<Item = f64> {
    line.points.iter().filter_map(|(_, value)| *value)
}

fn heights(run: &[Vec<(f64, f64)>]) -> impl Iterator<Item = f64> {
    run.iter().flatten().map(|(_, y)| *y)
}

/// A circle, a square, a triangle … one shape for each colour.
fn draw_dot(x: f64, y: f64, colour: usize, out: &mut String) {
    let shape = match colour {
        0 => "m-3 0a3 3 0 1 0 6 0a3 3 0 1 0 -6 0",
        1 => "m-3 -3h6v6h-6z",
        2 => "m0 -4l4 7h-8z",
        3 => "m0 -4l4 4l-4 4l-4 -4z",
        4 => "m-3 -3l6 6m0 -6l-6 6",
        _ => "m-4 0h8m-4 -4v8",
    };
    write!(
        out,
        "<path class=\"dot c{colour} f{colour}\" d=\"M{x:.1} {y:.1}{shape}\"/>"
    )
    .ok();
}

/// Where values stand in the picture.
struct Frame {
    first: f64,
    last: f64,
    vertical: Vertical,
}

impl Frame {
    fn x(&self, x: f64) -> f64 {
        LEFT + (x - self.first) / (self.last - self.first) * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, y: f64) -> f64 {
        HEIGHT - BOTTOM - self.vertical.share(y) * (HEIGHT - TOP - BOTTOM)
    }
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

    fn line(name: &str, points: &[(f64, Option<f64>)]) -> Line {
        Line {
            name: name.to_owned(),
            points: points.to_vec(),
            ..Line::default()
        }
    }

    fn chart(lines: Vec<Line>) -> Chart<'static> {
        Chart {
            title: "t",
            lines,
            ticks: vec![(0.0, "0s".to_owned())],
            spans: vec![(0.0, 5.0, "calm".to_owned())],
            ..Chart::default()
        }
    }

    #[test]
    fn a_value_that_is_not_known_is_a_gap() {
        let svg = chart(vec![line(
            "a < b",
            &[(0.0, Some(0.0)), (5.0, None), (10.0, Some(4.0))],
        )])
        .svg();
        assert!(svg.contains("d=\"M72.0 228.0h0M706.0 40.0h0\""), "{svg}");
        assert!(svg.contains("a &lt; b") && svg.contains(">calm</text>"), "{svg}");
    }

    #[test]
    fn nothing_is_drawn_of_nothing() {
        assert_eq!(chart(vec![line("a", &[(0.0, None)])]).svg(), "");
    }

    #[test]
    fn areas_lie_upon_each_other_and_the_axis_holds_their_sum() {
        let of = |value| line("a", &[(0.0, Some(value)), (10.0, Some(value))]);
        let areas = Chart {
            stacked: true,
            ..chart(vec![of(3.0), of(5.0)])
        };
        let svg = areas.svg();
        let (sum, three) = ("40.0", "157.5");
        assert!(
            svg.contains(&format!(
                "d=\"M72.0 228.0L706.0 228.0L706.0 {three}L72.0 {three}Z\""
            )),
            "{svg}"
        );
        assert!(
            svg.contains(&format!(
                "d=\"M72.0 {three}L706.0 {three}L706.0 {sum}L72.0 {sum}Z\""
            )),
            "{svg}"
        );
    }

    #[test]
    fn marks_that_are_close_have_one_number_together_and_none_is_outside() {
        let mark = |at, number| Mark { at, number };
        let marked = Chart {
            marks: vec![
                mark(-1.0, 77),
                mark(2.0, 2),
                mark(2.1, 3),
                mark(2.2, 4),
                mark(8.0, 5),
            ],
            ..chart(vec![line("a", &[(0.0, Some(1.0)), (10.0, Some(1.0))])])
        };
        let svg = marked.svg();
        assert_eq!(svg.matches("class=\"mark\"").count(), 4, "{svg}");
        assert!(
            svg.contains(">2–4</text>") && svg.contains(">5</text>") && !svg.contains(">77"),
            "{svg}"
        );
    }

    #[test]
    fn a_day_of_seconds_is_a_small_picture_that_keeps_its_peak() {
        let points: Vec<_> = (0..86_400)
            .map(|second| {
                (
                    f64::from(second),
                    Some(if second == 40_000 {
                        1000.0
                    } else {
                        f64::from(second % 7)
                    }),
                )
            })
            .collect();
        let svg = chart(vec![line("a", &points)]).svg();
        assert!(svg.len() < 60_000, "{}", svg.len());
        assert!(svg.contains(" 40.0L"), "the one second that was high is drawn");
    }
}
