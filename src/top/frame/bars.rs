//! Bars out of block characters: gauges and histories.

const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A horizontal bar of `width` characters, `part` of `whole` full. Anything above 0 shows.
pub(super) fn gauge(part: f64, whole: f64, width: usize) -> String {
    let share = if whole > 0.0 {
        (part / whole).clamp(0.0, 1.0)
    } else {
        0.0
    };
    let mut full = (share * width as f64).round() as usize;
    if part > 0.0 {
        full = full.max(1);
    }
    let full = full.min(width);
    "█".repeat(full) + &"░".repeat(width - full)
}

/// Values from left to right as columns in `height` lines, the top one first, 0 at the bottom and `most` at the top.
/// What is unknown is blank, and what is above 0 shows.
pub(super) fn columns(values: &[Option<f64>], most: f64, width: usize, height: usize) -> Vec<String> {
    let skipped = values.len().saturating_sub(width);
    let shown = &values[skipped..];
    let eighths: Vec<Option<usize>> = shown
        .iter()
        .map(|value| value.map(|value| eighths(value, most, height)))
        .collect();
    let row = |from_bottom: usize| {
        let blank = std::iter::repeat_n(' ', width - shown.len());
        let bars = eighths.iter().map(|eighths| match eighths {
            None => ' ',
            // A zero is a line on the ground, so that it is no gap.
            Some(0) if from_bottom == 0 => '_',
            Some(eighths) => EIGHTHS[eighths.saturating_sub(from_bottom * 8).min(8)],
        });
        blank.chain(bars).collect()
    };
    (0..height).rev().map(row).collect()
}

fn eighths(value: f64, most: f64, height: usize) -> usize {
    if value <= 0.0 || most <= 0.0 {
        return 0;
    }
    let all = (height * 8) as f64;
    ((value / most * all).round() as usize).clamp(1, height * 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gauge_is_full_at_its_limit_and_never_empty_above_zero() {
        assert_eq!(gauge(3.0, 4.0, 8), "██████░░");
        assert_eq!(gauge(1.0, 1000.0, 4), "█░░░");
        assert_eq!([gauge(0.0, 100.0, 3), gauge(0.0, 0.0, 3)], ["░░░", "░░░"]);
        assert_eq!(gauge(9.0, 4.0, 3), "███");
    }

    #[test]
    fn columns_stand_on_the_right_and_tell_a_gap_from_a_zero() {
        let values = [Some(9.0), Some(8.0), None, Some(0.0), Some(0.01), Some(4.0)];
        assert_eq!(columns(&values, 8.0, 5, 1), ["█ _▁▄"]);
        assert_eq!(columns(&values[1..], 8.0, 7, 2), ["  █    ", "  █ _▁█"]);
        assert_eq!(columns(&[], 0.0, 2, 1), ["  "]);
    }
}
