//! An HdrHistogram interval log, format version 1.3 with histograms in V2 encoding, as `HistogramLogProcessor` and the readers in
//! Java, Python and JavaScript take it; writes no file.

use std::fmt::Write as _;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Serializer as _, V2DeflateSerializer};

use crate::load::Interval;

/// What a log begins with; `start` is when the run started, since the Unix epoch.
pub(crate) fn log_header(target: &str, start: Duration) -> String {
    let seconds = start.as_secs_f64();
    format!(
        "#[uwsgi-lab load of {target}; values are µs, the column Interval_Max is ms]\n\
         #[Histogram log format version 1.3]\n\
         #[StartTime: {seconds:.3} (seconds since epoch)]\n\
         #[BaseTime: {seconds:.3} (seconds since epoch)]\n\
         \"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n"
    )
}

/// The lines of one interval, times since the start of the run: latency from the intended time, and under the tag `service` the
/// time from the actual send. Those of the warm-up are tagged `warm-up` and `warm-up-service`, so that a reader of a whole log has
/// only what was measured.
pub(crate) fn log_lines(from: Duration, length: Duration, warm_up: bool, interval: &Interval) -> String {
    let [latency, service] = match warm_up {
        false => [None, Some("service")],
        true => [Some("warm-up"), Some("warm-up-service")],
    };
    let mut lines = String::new();
    for (tag, histogram) in [(latency, &interval.latency), (service, &interval.service)] {
        if histogram.is_empty() {
            continue;
        }
        if let Some(tag) = tag {
            write!(lines, "Tag={tag},").ok();
        }
        let (from, length) = (from.as_secs_f64(), length.as_secs_f64());
        let max = histogram.max() as f64 / 1e3;
        writeln!(lines, "{from:.3},{length:.3},{max:.3},{}", encoded(histogram)).ok();
    }
    lines
}

fn encoded(histogram: &Histogram<u64>) -> String {
    let mut bytes = Vec::new();
    // Writing to memory fails only for counts that no run reaches.
    V2DeflateSerializer::new().serialize(histogram, &mut bytes).ok();
    STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use hdrhistogram::serialization::Deserializer;
    use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};

    use super::*;

    #[test]
    fn a_log_is_read_back_as_it_was_recorded() {
        let mut interval = Interval::new().unwrap();
        for micros in [250, 2_500, 2_500_000] {
            interval.latency.record(micros).unwrap();
        }
        interval.service.record(240).unwrap();
        let [second, half] = [1_000, 500].map(Duration::from_millis);
        let log = [
            log_header("http://localhost/", Duration::from_millis(1_700_000_000_250)),
            log_lines(Duration::ZERO, second, true, &interval),
            log_lines(second, half, false, &interval),
        ]
        .concat();
        let mut read = Vec::new();
        for entry in IntervalLogIterator::new(log.as_bytes()) {
            if let LogEntry::Interval(entry) = entry.unwrap() {
                let bytes = STANDARD.decode(entry.encoded_histogram()).unwrap();
                let histogram: Histogram<u64> =
                    Deserializer::new().deserialize(&mut bytes.as_slice()).unwrap();
                let tag = entry.tag().map(|tag| tag.as_str().to_owned());
                read.push((tag, entry.start_timestamp(), entry.duration(), histogram));
            }
        }
        let tag = |name: &str| Some(name.to_owned());
        assert_eq!(
            read,
            [
                (tag("warm-up"), Duration::ZERO, second, interval.latency.clone()),
                (
                    tag("warm-up-service"),
                    Duration::ZERO,
                    second,
                    interval.service.clone()
                ),
                (None, second, half, interval.latency.clone()),
                (tag("service"), second, half, interval.service.clone()),
            ]
        );
    }

    #[test]
    fn an_interval_in_which_nothing_was_recorded_has_no_line() {
        let nothing = Interval::new().unwrap();
        assert_eq!(
            log_lines(Duration::ZERO, Duration::from_secs(1), false, &nothing),
            ""
        );
    }
}
