//! Points to paths: gaps, steps, areas, and no more points than a picture can show.

use std::fmt::Write as _;

use super::Line;

type Point = (f64, f64);

/// The line in pieces between its gaps.
pub(super) fn runs(line: &Line) -> Vec<Vec<Point>> {
    let pieces = line.points.split(|(_, value)| value.is_none());
    let pieces = pieces.map(|piece| {
        let points = piece.iter().filter_map(|(x, value)| Some((*x, (*value)?)));
        match line.steps {
            true => in_steps(points),
            false => points.collect(),
        }
    });
    pieces.filter(|piece: &Vec<Point>| !piece.is_empty()).collect()
}

fn in_steps(points: impl Iterator<Item = Point>) -> Vec<Point> {
    let mut out: Vec<Point> = Vec::new();
    for (x, y) in points {
        if let Some((_, before)) = out.last().copied()
            && before != y
        {
            out.push((x, before));
        }
        out.push((x, y));
    }
    out
}

/// For each piece in which all `lines` are known, the lines between which areas lie, from the axis up: one more than there are
/// lines. The lines must have their points at the same places.
pub(super) fn stacked(lines: &[Line]) -> Vec<Vec<Vec<Point>>> {
    let length = lines.iter().map(|line| line.points.len()).min().unwrap_or(0);
    let sums = |index: usize| -> Option<(f64, Vec<f64>)> {
        let (mut sum, mut sums) = (0.0, vec![0.0]);
        for line in lines {
            sum += line.points[index].1?;
            sums.push(sum);
        }
        Some((lines[0].points[index].0, sums))
    };
    let columns: Vec<_> = (0..length).map(sums).collect();
    let steps = lines.first().is_some_and(|line| line.steps);
    let pieces = columns.split(Option::is_none).filter(|piece| !piece.is_empty());
    let boundary = |piece: &[Option<(f64, Vec<f64>)>], index: usize| {
        let points = piece.iter().flatten().map(|(x, sums)| (*x, sums[index]));
        match steps {
            true => in_steps(points),
            false => points.collect(),
        }
    };
    pieces
        .map(|piece| (0..=lines.len()).map(|index| boundary(piece, index)).collect())
        .collect()
}

/// A single point is a dot.
pub(super) fn polyline(points: &[Point]) -> String {
    let points = thinned(points);
    let mut out = line(&points, 'M');
    if points.len() == 1 {
        out.push_str("h0");
    }
    out
}

/// What lies between two lines.
pub(super) fn area(lower: &[Point], upper: &[Point]) -> String {
    let mut back = thinned(upper);
    back.reverse();
    format!("{}{}Z", line(&thinned(lower), 'M'), line(&back, 'L'))
}

fn line(points: &[Point], first: char) -> String {
    let mut out = String::new();
    let mut letter = first;
    for (x, y) in points {
        // Writing to a String cannot fail.
        write!(out, "{letter}{x:.1} {y:.1}").ok();
        letter = 'L';
    }
    out
}

/// Of the points in one column of pixels the first, the least, the greatest and the last, in their order.
fn thinned(points: &[Point]) -> Vec<Point> {
    let columns = points.chunk_by(|(one, _), (other, _)| one.floor() == other.floor());
    let mut out = Vec::new();
    for column in columns {
        let height = |index: &usize| column[*index].1;
        let by_height = |one: &usize, other: &usize| height(one).total_cmp(&height(other));
        let least = (0..column.len()).min_by(by_height).unwrap_or(0);
        let greatest = (0..column.len()).max_by(by_height).unwrap_or(0);
        let mut kept = [0, least, greatest, column.len() - 1];
        kept.sort_unstable();
        let mut last = None;
        for index in kept {
            if last != Some(index) {
                out.push(column[index]);
            }
            last = Some(index);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_column_the_ends_and_the_extremes_are_kept_in_their_order() {
        let column = [
            (1.0, 5.0),
            (1.1, 9.0),
            (1.2, 7.0),
            (1.3, 2.0),
            (1.4, 6.0),
            (2.0, 1.0),
        ];
        let kept = [(1.0, 5.0), (1.1, 9.0), (1.3, 2.0), (1.4, 6.0), (2.0, 1.0)];
        assert_eq!(thinned(&column), kept);
    }

    #[test]
    fn a_value_in_steps_holds_until_the_next() {
        let line = Line {
            points: vec![
                (0.0, Some(1.0)),
                (1.0, Some(1.0)),
                (2.0, Some(3.0)),
                (3.0, None),
                (4.0, Some(2.0)),
            ],
            steps: true,
            ..Line::default()
        };
        let first = vec![(0.0, 1.0), (1.0, 1.0), (2.0, 1.0), (2.0, 3.0)];
        assert_eq!(runs(&line), [first, vec![(4.0, 2.0)]]);
    }
}
