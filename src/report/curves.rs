//! Latency by percentile as a chart, corrected beside uncorrected.

use hdrhistogram::Histogram;

use super::chart::{Axis, Chart, Line, Stroke};
use super::number;

/// Latency by percentile of one load: from the intended time of each request, and from its actual start.
pub(in crate::report) struct Curve<'a> {
    pub(in crate::report) name: String,
    pub(in crate::report) latency: &'a [(f64, u64)],
    pub(in crate::report) service: &'a [(f64, u64)],
}

/// Of which latencies a curve is drawn: even steps on the scale of `1 / (1 - p)`.
const PERCENTILES: [f64; 15] = [
    0.0, 25.0, 50.0, 75.0, 90.0, 95.0, 97.5, 99.0, 99.5, 99.75, 99.9, 99.95, 99.99, 99.999, 100.0,
];

/// As far as there were enough requests to tell.
pub(in crate::report) fn curve(histogram: Option<&Histogram<u64>>) -> Vec<(f64, u64)> {
    let Some(histogram) = histogram.filter(|histogram| !histogram.is_empty()) else {
        return Vec::new();
    };
    let finest = 100.0 * (1.0 - 1.0 / histogram.len() as f64);
    let told = PERCENTILES
        .iter()
        .filter(|percentile| **percentile <= finest || **percentile == 100.0);
    told.map(|percentile| (*percentile, histogram.value_at_percentile(*percentile)))
        .collect()
}

/// Percentiles stand further apart the nearer they are to 100: as far from 99 to 99.9 as from 90 to 99.
pub(in crate::report) fn percentiles<'a>(title: &'a str, curves: &[Curve<'_>]) -> Chart<'a> {
    let place = |percentile: f64| -(1.0 - percentile / 100.0).log10();
    // The greatest value has no place of its own: it stands a little after the last.
    let line = |curve: &[(f64, u64)]| -> Vec<(f64, Option<f64>)> {
        let told = curve.iter().map(|(percentile, _)| place(*percentile));
        let last = told.filter(|x| x.is_finite()).fold(0.0, f64::max) + 0.3;
        let points = curve.iter();
        points
            .map(|(percentile, micros)| (place(*percentile).min(last), Some(*micros as f64)))
            .collect()
    };
    let lines: Vec<Line> = curves
        .iter()
        .enumerate()
        .flat_map(|(index, curve)| {
            let corrected = Line {
                name: curve.name.clone(),
                points: line(curve.latency),
                dots: true,
                colour: Some(index),
                ..Line::default()
            };
            let uncorrected = Line {
                points: line(curve.service),
                stroke: Stroke::Dashed,
                colour: Some(index),
                ..Line::default()
            };
            [corrected, uncorrected]
        })
        .collect();
    let points = lines.iter().flat_map(|line| line.points.iter().map(|(x, _)| *x));
    let furthest = points.fold(0.0, f64::max);
    let ticks = [0.0, 50.0, 90.0, 99.0, 99.9, 99.99, 99.999].into_iter();
    Chart {
        title,
        note: "Solid: from the intended time of each request, as its client waits. Dashed: from the moment it was really sent, as \
               tools tell that wait for the answer before.",
        ticks: ticks
            .filter(|tick| place(*tick) <= furthest)
            .map(|tick| (place(tick), format!("{tick}%")))
            .collect(),
        lines,
        axis: Axis::Wide,
        label: micros,
        ..Chart::default()
    }
}

/// Of an axis of latencies.
pub(in crate::report) fn micros(micros: f64) -> String {
    match micros > 0.0 {
        true => number::brief_latency(micros.round() as u64),
        false => "0".to_owned(),
    }
}
