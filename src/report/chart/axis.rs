//! The vertical axis: where it begins and ends, and what stands beside it.

/// How the vertical axis of a chart runs.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Axis {
    /// From 0.
    #[default]
    Linear,
    /// From 0; its steps are round in powers of 1024.
    Bytes,
    /// Logarithmic where the greatest value is more than twenty times the least, so that 1 ms still shows beside 8 s; else
    /// from 0.
    Wide,
}

/// From which ratio of the greatest to the least value on a wide axis is logarithmic.
const WIDE: f64 = 20.0;
/// With more ticks than these only powers of ten have one.
const MOST_TICKS: usize = 9;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Vertical {
    Linear { most: f64 },
    Logarithmic { least: f64, most: f64 },
}

impl Vertical {
    /// One that holds all `values`. On a logarithmic one, 0 stands at its foot.
    pub(super) fn new(axis: Axis, values: impl Iterator<Item = f64>) -> Self {
        let (mut least, mut most) = (f64::INFINITY, 0.0_f64);
        for value in values {
            most = most.max(value);
            if value > 0.0 {
                least = least.min(value);
            }
        }
        match axis {
            Axis::Wide if most > least * WIDE => Self::Logarithmic {
                least: below(least),
                most: above(most, &[1.0, 2.0, 5.0, 10.0]),
            },
            Axis::Bytes => {
                let unit = 1024_f64.powf(most.max(1.0).log(1024.0).floor());
                Self::Linear {
                    most: nice(most / unit) * unit,
                }
            }
            _ => Self::Linear { most: nice(most) },
        }
    }

    pub(super) fn is_logarithmic(&self) -> bool {
        matches!(self, Self::Logarithmic { .. })
    }

    /// 0 at the foot, 1 at the top.
    pub(super) fn share(&self, value: f64) -> f64 {
        match self {
            Self::Linear { most } => value / most,
            Self::Logarithmic { least, most } => (value.max(*least) / least).ln() / (most / least).ln(),
        }
    }

    pub(super) fn ticks(&self) -> Vec<f64> {
        match *self {
            Self::Linear { most } => (0..=4).map(|part| most * f64::from(part) / 4.0).collect(),
            Self::Logarithmic { least, most } => {
                let all = decades(least, most, &[1.0, 2.0, 5.0]);
                match all.len() {
                    ..=MOST_TICKS => all,
                    _ => decades(least, most, &[1.0]),
                }
            }
        }
    }
}

fn decades(least: f64, most: f64, steps: &[f64]) -> Vec<f64> {
    let (first, last) = (least.log10().floor() as i32, most.log10().ceil() as i32);
    (first..=last)
        .flat_map(|power| steps.iter().map(move |step| step * 10_f64.powi(power)))
        .filter(|tick| *tick >= least * 0.999_999 && *tick <= most * 1.000_001)
        .collect()
}

/// The next of 1, 2, 4, 5 and 8 times a power of ten: its quarters are round too.
pub(in crate::report) fn nice(most: f64) -> f64 {
    if most <= 0.0 {
        return 1.0;
    }
    above(most, &[1.0, 2.0, 4.0, 5.0, 8.0, 10.0])
}

fn above(value: f64, steps: &[f64]) -> f64 {
    let power = 10_f64.powf(value.log10().floor());
    let step = steps.iter().find(|step| *step * power >= value * 0.999_999);
    step.unwrap_or(&10.0) * power
}

/// The last of 1, 2 and 5 times a power of ten.
fn below(value: f64) -> f64 {
    let power = 10_f64.powf(value.log10().floor());
    let step = [5.0, 2.0, 1.0]
        .into_iter()
        .find(|step| step * power <= value * 1.000_001);
    step.unwrap_or(1.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(axis: Axis, values: &[f64]) -> Vertical {
        Vertical::new(axis, values.iter().copied())
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
            let Vertical::Linear { most: found } = of(Axis::Linear, &[most]) else {
                panic!("not linear");
            };
            assert!((found - end).abs() < 1e-9 * end, "{most}: {found}");
        }
        let mega = 1024.0 * 1024.0;
        assert_eq!(
            of(Axis::Bytes, &[45.0 * mega]),
            Vertical::Linear { most: 50.0 * mega }
        );
    }

    #[test]
    fn a_wide_axis_is_logarithmic_where_a_linear_one_would_hide_the_small_values() {
        assert_eq!(of(Axis::Wide, &[200.0, 900.0]), Vertical::Linear { most: 1000.0 });
        let wide = of(Axis::Wide, &[0.0, 1_100.0, 8_000_000.0]);
        assert_eq!(
            wide,
            Vertical::Logarithmic {
                least: 1e3,
                most: 1e7
            }
        );
        assert_eq!(wide.ticks(), [1e3, 1e4, 1e5, 1e6, 1e7]);
        assert_eq!(
            [wide.share(0.0), wide.share(1e5), wide.share(1e7)],
            [0.0, 0.5, 1.0]
        );
        let narrow = of(Axis::Wide, &[30.0, 700.0]);
        let ticks: Vec<f64> = narrow.ticks().iter().map(|tick| tick.round()).collect();
        assert_eq!(ticks, [20.0, 50.0, 100.0, 200.0, 500.0, 1000.0]);
    }
}
