//! What a lab that was stopped had done.

use crate::agent::Ending;
use crate::load::Percentiles;
use crate::load::Summary;

use super::super::number;

/// Counts on one line, and the latencies of the whole run on the next where there are any.
pub(crate) fn farewell_text(ending: &Ending) -> String {
    let mut parts = Vec::new();
    if let Some(load) = &ending.load {
        let errors = load.counts.errors.total();
        parts.push(format!(
            "{} sent, {} answered, {errors} failed",
            load.counts.sent, load.counts.answered
        ));
    }
    if let Some(writer) = &ending.writer {
        parts.push(format!(
            "{} written",
            number::counted(writer.points_written, "point")
        ));
        if writer.points_on_disk > 0 {
            parts.push(format!(
                "{} wait on disk for the next `up`",
                writer.points_on_disk
            ));
        }
        if writer.points_lost() > 0 {
            parts.push(format!("{} lost", writer.points_lost()));
        }
    }
    let latencies = ending.load.as_ref().and_then(latencies).unwrap_or_default();
    format!("load and collector: stopped ({}){latencies}", parts.join("; "))
}

fn latencies(load: &Summary) -> Option<String> {
    if load.latency.is_empty() {
        return None;
    }
    let Percentiles {
        p50, p90, p99, max, ..
    } = Percentiles::from(&load.latency);
    let [p50, p90, p99, max] = [p50, p90, p99, max].map(|micros| number::latency(micros as f64));
    Some(format!(
        "\nlatency of the whole run: p50 {p50} · p90 {p90} · p99 {p99} · max {max}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::{Settings, Target};

    fn summary() -> Summary {
        let target = Target::parse("http://127.0.0.1:9090/").unwrap();
        Summary::empty(Settings::new(target, crate::load::Rate::per_second(16.0))).unwrap()
    }

    fn ending(load: Summary) -> Ending {
        Ending {
            load: Some(load),
            writer: None,
        }
    }

    #[test]
    fn the_latencies_of_the_run_stand_below_its_counts() {
        let mut load = summary();
        (load.counts.sent, load.counts.answered) = (101, 100);
        load.counts.errors.timeout = 1;
        for request in 1..=100 {
            load.latency.record(request * 1_000).unwrap();
        }
        assert_eq!(
            farewell_text(&ending(load)),
            "load and collector: stopped (101 sent, 100 answered, 1 failed)\n\
             latency of the whole run: p50 50.02ms · p90 90.05ms · p99 99.01ms · max 100.03ms"
        );
    }

    #[test]
    fn a_run_without_answers_has_no_latencies() {
        assert_eq!(
            farewell_text(&ending(summary())),
            "load and collector: stopped (0 sent, 0 answered, 0 failed)"
        );
    }
}
