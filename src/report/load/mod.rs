//! A load summary as text in wrk2's layout, and a second as one line; prints nothing itself.

mod json;
mod log;
mod table;

use std::fmt::Write as _;

use hdrhistogram::Histogram;

use crate::load::{Percentiles, Second, Summary, Timing, Verdict};

use super::number;

pub(crate) use json::json;
pub(crate) use log::{log_header, log_lines};
pub(crate) use table::{TABLE_HEADER, table_line};

/// wrk2's choice.
const QUANTILES: [f64; 8] = [0.5, 0.75, 0.9, 0.99, 0.999, 0.9999, 0.99999, 1.0];
/// From this share of its time on a thread has none to spare.
const BUSY: f64 = 0.95;
/// Sends that leave this much late, in µs, were not held up by a timer.
const LATE_US: u64 = 1_000;
/// One may be a slow request; more are not.
const STARVED: u64 = 2;
/// Reporting ticks per half distance to 100 %, as wrk2 prints its spectrum.
const TICKS: u32 = 5;

/// wrk2's names: from the intended time, and from the actual send.
const CORRECTED: &str = "Recorded Latency";
const UNCORRECTED: &str = "Uncorrected Latency (measured without taking delayed starts into account)";

/// Which percentile spectra a report has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spectrum {
    None,
    /// Of the latency from the intended time.
    Latency,
    /// Of the service time too, which begins when a request leaves.
    Both,
}

/// The whole report; `spectrum` adds wrk2's "Detailed Percentile spectrum", readable by HdrHistogram's plotter.
///
/// Writing to a `String` cannot fail, so the results of `writeln!` are dropped throughout.
pub(crate) fn text(summary: &Summary, spectrum: Spectrum) -> String {
    let mut out = String::new();
    header(summary, &mut out);
    thread_stats(summary, &mut out);
    distribution(&summary.latency, CORRECTED, &mut out);
    if spectrum != Spectrum::None {
        percentile_spectrum(&summary.latency, &mut out);
    }
    if spectrum == Spectrum::Both {
        distribution(&summary.service, UNCORRECTED, &mut out);
        percentile_spectrum(&summary.service, &mut out);
    }
    totals(summary, &mut out);
    balance(summary, &mut out);
    service(summary, &mut out);
    lateness(summary, &mut out);
    warnings(summary, &mut out);
    writeln!(out, "  Verdict: {}", verdict(summary)).ok();
    let sending = summary.elapsed.as_secs_f64().max(f64::MIN_POSITIVE);
    writeln!(out, "Requests/sec: {:>9.2}", summary.achieved_rate).ok();
    let transfer = number::bytes(summary.counts.bytes as f64 / sending);
    writeln!(out, "Transfer/sec: {transfer:>11}").ok();
    out
}

/// One line about one second, for a terminal.
pub(crate) fn live_line(second: &Second) -> String {
    let Percentiles { p50, p99, .. } = second.latency;
    let errors = second.counts.errors.total();
    let asked = second
        .asked_rate
        .map_or_else(String::new, |rate| format!(" of {}/s", number::rate(rate)));
    let phase = if second.warm_up { "warm-up " } else { "" };
    let mut line = format!(
        "{phase}{}s  {}/s{}  p50 {}  p99 {}  {}",
        second.number,
        number::rate(second.achieved_rate()),
        asked,
        number::latency(p50 as f64),
        number::latency(p99 as f64),
        number::counted(second.gauges.connections, "connection"),
    );
    for (count, what) in [(second.gauges.backlog, "waiting"), (errors, "failed")] {
        if count > 0 {
            write!(line, "  {count} {what}").ok();
        }
    }
    line
}

fn header(summary: &Summary, out: &mut String) {
    let settings = &summary.settings;
    let length = number::duration(settings.duration.unwrap_or(summary.sending));
    let connections = match settings.connections {
        Some(limit) => format!("at most {}", number::counted(limit as u64, "connection")),
        None => "connections as needed".to_owned(),
    };
    let timing = match settings.timing {
        Timing::Precise => "",
        Timing::Relaxed => ", sent once a millisecond (relaxed timing adds that to latencies)",
    };
    let mut threads = number::counted(settings.threads as u64, "thread");
    if let Some(workers) = summary.workers {
        write!(threads, " in {}", number::counted(workers as u64, "worker")).ok();
    }
    let rate = match summary.asked_rate {
        Some(rate) => format!("{} requests/s asked", number::rate(rate)),
        None => "a closed loop".to_owned(),
    };
    writeln!(out, "Running {length} test @ {}", settings.target()).ok();
    writeln!(out, "  {threads} and {connections}, {rate}{timing}").ok();
    for requested in settings.mix.iter().filter(|_| settings.mix.len() > 1) {
        writeln!(out, "  {} x {}", requested.weight, requested.target).ok();
    }
    for lost in &summary.lost {
        writeln!(out, "  INCOMPLETE: {lost}").ok();
    }
    if let Some(warm_up) = &summary.warm_up {
        let latency = &warm_up.latency;
        let at = |quantile| number::latency(latency.value_at_quantile(quantile) as f64);
        writeln!(
            out,
            "  Warm-up of {} before, not in what follows: {} answered, {} failed, 50% {}, 99% {}",
            number::duration(settings.warm_up),
            warm_up.counts.answered,
            warm_up.counts.errors.total(),
            at(0.5),
            at(0.99),
        )
        .ok();
    }
}

/// `Latency` is from the intended time; `Req/Sec` is each thread's share, as in wrk.
fn thread_stats(summary: &Summary, out: &mut String) {
    let threads = summary.settings.threads as f64;
    let rate = |hundredths: f64| format!("{:.2}", hundredths / 100.0 / threads);
    writeln!(out, "  Thread Stats   Avg      Stdev     Max   +/- Stdev").ok();
    stats_line("Latency", &summary.latency, number::latency, out);
    stats_line("Req/Sec", &summary.per_second, rate, out);
}

fn stats_line(name: &str, histogram: &Histogram<u64>, format: impl Fn(f64) -> String, out: &mut String) {
    if histogram.is_empty() {
        writeln!(out, "    {name:<10} nothing recorded").ok();
        return;
    }
    let (mean, stdev) = (histogram.mean(), histogram.stdev());
    let (low, high) = ((mean - stdev).max(0.0), mean + stdev);
    let within = histogram.count_between(low.floor() as u64, high.ceil() as u64);
    writeln!(
        out,
        "    {name:<7}{:>9}{:>11}{:>10}{:>9.2}%",
        format(mean),
        format(stdev),
        // Whole rates stay whole: the histogram's maximum is the upper end of its class.
        format(histogram.lowest_equivalent(histogram.max()) as f64),
        100.0 * within as f64 / histogram.len() as f64,
    )
    .ok();
}

fn distribution(latency: &Histogram<u64>, title: &str, out: &mut String) {
    if latency.is_empty() {
        return;
    }
    writeln!(out, "  Latency Distribution (HdrHistogram - {title})").ok();
    for quantile in QUANTILES {
        let value = number::latency(latency.value_at_quantile(quantile) as f64);
        writeln!(out, "{:>7.3}%{value:>10}", quantile * 100.0).ok();
    }
}

/// HdrHistogram's text form of a percentile distribution, as its plotter reads it; values in ms.
pub(crate) fn percentiles(latency: &Histogram<u64>) -> String {
    let mut out = String::new();
    percentile_lines(latency, &mut out);
    out
}

fn percentile_spectrum(latency: &Histogram<u64>, out: &mut String) {
    writeln!(out, "\n  Detailed Percentile spectrum:").ok();
    percentile_lines(latency, out);
    writeln!(out, "----------------------------------------------------------").ok();
}

fn percentile_lines(latency: &Histogram<u64>, out: &mut String) {
    let ms = |micros: f64| micros / 1e3;
    writeln!(out, "       Value   Percentile   TotalCount 1/(1-Percentile)\n").ok();
    let mut total = 0;
    for step in latency.iter_quantiles(TICKS) {
        total += step.count_since_last_iteration();
        let value = ms(step.value_iterated_to() as f64);
        let quantile = step.quantile_iterated_to();
        write!(out, "{value:>12.3} {quantile:>12.6} {total:>12}").ok();
        // At 100 % there is nothing beyond.
        match quantile < 1.0 {
            true => writeln!(out, " {:>12.2}", 1.0 / (1.0 - quantile)).ok(),
            false => writeln!(out, "          inf").ok(),
        };
    }
    let (mean, stdev) = (ms(latency.mean()), ms(latency.stdev()));
    let (max, count) = (ms(latency.max() as f64), latency.len());
    let buckets = latency.buckets();
    writeln!(out, "#[Mean    = {mean:>12.3}, StdDeviation   = {stdev:>12.3}]").ok();
    writeln!(out, "#[Max     = {max:>12.3}, Total count    = {count:>12}]").ok();
    writeln!(out, "#[Buckets = {buckets:>12}, SubBuckets     = {:>12}]", 2048).ok();
}

fn totals(summary: &Summary, out: &mut String) {
    let counts = &summary.counts;
    let answered = number::counted(counts.answered, "request");
    let elapsed = number::duration(summary.elapsed);
    let bytes = number::bytes(counts.bytes as f64);
    writeln!(out, "  {answered} in {elapsed}, {bytes} read").ok();
    let errors = &counts.errors;
    if errors.total() > 0 {
        writeln!(
            out,
            "  Socket errors: connect {}, read {}, write {}, timeout {}",
            errors.connect, errors.read, errors.write, errors.timeout
        )
        .ok();
        if errors.malformed > 0 {
            writeln!(out, "  Malformed responses: {}", errors.malformed).ok();
        }
        for example in summary.examples.faults() {
            writeln!(out, "    {example}").ok();
        }
    }
    let refused = counts.status_4xx + counts.status_5xx;
    if refused > 0 {
        let examples = &summary.examples;
        let first = examples.status_5xx.or(examples.status_4xx);
        let first = first.map_or_else(String::new, |status| format!(" ({status} the first)"));
        writeln!(out, "  Non-2xx or 3xx responses: {refused}{first}").ok();
    }
    if counts.closed_by_server > 0 {
        let closed = counts.closed_by_server;
        let opened = number::counted(counts.connected, "connection");
        writeln!(
            out,
            "  {opened} opened, {closed} closed by the server after a response"
        )
        .ok();
    }
}

fn balance(summary: &Summary, out: &mut String) {
    let failed = summary.counts.errors.total();
    writeln!(
        out,
        "  Scheduled {} = answered {} + failed {failed} + in flight {} + never sent {}",
        summary.scheduled, summary.counts.answered, summary.in_flight, summary.never_sent
    )
    .ok();
    if summary.lower_bounds > 0 {
        let bounds = summary.lower_bounds;
        writeln!(
            out,
            "  Lower bounds among the latencies (no answer in time): {bounds}"
        )
        .ok();
    }
}

fn service(summary: &Summary, out: &mut String) {
    if summary.service.is_empty() {
        return;
    }
    let at = |quantile| number::latency(summary.service.value_at_quantile(quantile) as f64);
    writeln!(
        out,
        "  Service time (from the actual send): 50% {}, 90% {}, 99% {}, max {}",
        at(0.5),
        at(0.9),
        at(0.99),
        number::latency(summary.service.max() as f64)
    )
    .ok();
}

/// How late the generator was itself, which is in the latencies too.
fn lateness(summary: &Summary, out: &mut String) {
    let lateness = &summary.lateness;
    if lateness.is_empty() || summary.asked_rate.is_none() {
        return;
    }
    let at = |quantile| number::latency(lateness.value_at_quantile(quantile) as f64);
    let (median, high, most) = (at(0.5), at(0.99), number::latency(lateness.max() as f64));
    writeln!(
        out,
        "  Own lateness (in the latencies): 50% {median}, 99% {high}, max {most}"
    )
    .ok();
}

/// What makes the figures say less about the target than they seem to.
fn warnings(summary: &Summary, out: &mut String) {
    if is_own_limit(summary) {
        writeln!(
            out,
            "  Warning: the load generator itself was the limit, a thread of it was at work {:.0}% of the time; give it more threads (-t) \
             or another machine",
            summary.busiest * 100.0
        )
        .ok();
    }
    if summary.counts.starved >= STARVED {
        writeln!(
            out,
            "  Warning: {} requests on new connections got nothing while later ones on kept connections did: a server that ties \
             connections to its cores (uWSGI's http11-socket) serves no more of them than it has cores; ask for at most as many (-c), or \
             load an http-socket",
            summary.counts.starved
        )
        .ok();
    }
}

/// In a closed loop the generator is always at work as long as the target answers at once; in an open one it shows in sends that
/// leave late.
fn is_own_limit(summary: &Summary) -> bool {
    let late = summary.asked_rate.is_none() || summary.lateness.value_at_quantile(0.9) >= LATE_US;
    summary.busiest >= BUSY && late
}

fn verdict(summary: &Summary) -> String {
    let achieved = number::rate(summary.achieved_rate);
    let Some(asked) = summary.asked_rate else {
        return format!(
            "{achieved}/s from a closed loop: it waits for the target, so that latencies leave out what requests \
             at a rate would have waited; -R RATE shows that"
        );
    };
    let asked = number::rate(asked);
    match summary.verdict {
        Verdict::KeptUp => format!("kept up: {achieved}/s answered of {asked}/s asked"),
        Verdict::Overloaded { growth, capacity } => {
            let capacity = number::rate(capacity);
            format!(
                "overloaded: latency grows {growth:.2} s a second; capacity {capacity}/s, asked {asked}/s"
            )
        }
        Verdict::FellShort | Verdict::NotAsked => {
            format!("fell short: {achieved}/s answered of {asked}/s asked")
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::Duration;

    use crate::load::{Rate, Settings};

    use super::*;

    /// 40/s for 20 s against a capacity of 32/s, by hand: four values stand for all.
    pub(super) fn overloaded() -> Summary {
        let histogram = |values: &[u64]| {
            let mut histogram = Histogram::new_with_bounds(1, 3_600_000_000, 3).unwrap();
            values.iter().for_each(|value| histogram.record(*value).unwrap());
            histogram
        };
        let target = "http://127.0.0.1:9090/".parse().unwrap();
        let mut summary = Summary::empty(Settings {
            threads: 2,
            connections: Some(16),
            duration: Some(Duration::from_secs(20)),
            ..Settings::new(target, Rate::per_second(40.0))
        })
        .unwrap();
        summary.sending = Duration::from_secs(20);
        summary.elapsed = Duration::from_millis(20_250);
        summary.scheduled = 800;
        summary.counts.sent = 656;
        summary.counts.answered = 640;
        summary.counts.bytes = 65_536;
        summary.counts.status_5xx = 3;
        summary.counts.connected = 656;
        summary.counts.closed_by_server = 640;
        summary.counts.errors.timeout = 2;
        summary.in_flight = 14;
        summary.never_sent = 144;
        summary.latency = histogram(&[250_000, 1_500_000, 3_000_000, 4_000_000]);
        summary.lower_bounds = 160;
        summary.service = histogram(&[250_000, 500_000, 500_000, 500_000]);
        summary.per_second = histogram(&[3_200, 3_200]);
        summary.asked_rate = Some(40.0);
        summary.achieved_rate = 32.0;
        summary.verdict = Verdict::Overloaded {
            growth: 0.2,
            capacity: 32.0,
        };
        summary.examples.timeout = Some("timeout: no complete response in time".to_owned());
        summary.examples.status_5xx = Some(503);
        summary
    }

    const OVERLOADED: &str = "\
Running 20s test @ http://127.0.0.1:9090/
  2 threads and at most 16 connections, 40 requests/s asked
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency    2.19s      1.43s     4.00s    50.00%
    Req/Sec    16.00       0.00     16.00   100.00%
  Latency Distribution (HdrHistogram - Recorded Latency)
 50.000%     1.50s
 75.000%     3.00s
 90.000%     4.00s
 99.000%     4.00s
 99.900%     4.00s
 99.990%     4.00s
 99.999%     4.00s
100.000%     4.00s
  640 requests in 20.25s, 64.00KB read
  Socket errors: connect 0, read 0, write 0, timeout 2
    timeout: no complete response in time
  Non-2xx or 3xx responses: 3 (503 the first)
  656 connections opened, 640 closed by the server after a response
  Scheduled 800 = answered 640 + failed 2 + in flight 14 + never sent 144
  Lower bounds among the latencies (no answer in time): 160
  Service time (from the actual send): 50% 500.22ms, 90% 500.22ms, 99% 500.22ms, max 500.22ms
  Verdict: overloaded: latency grows 0.20 s a second; capacity 32/s, asked 40/s
Requests/sec:     32.00
Transfer/sec:      3.16KB
";

    #[test]
    fn the_whole_report_of_an_overloaded_target() {
        let text = text(&overloaded(), Spectrum::None);
        assert_eq!(text, OVERLOADED, "\n{text}");
    }

    #[test]
    fn the_spectrum_ends_at_the_last_value_and_counts_all() {
        let text = text(&overloaded(), Spectrum::Latency);
        let spectrum: Vec<&str> = text
            .lines()
            .skip_while(|line| !line.contains("1/(1-Percentile)"))
            .take_while(|line| !line.starts_with("---"))
            .collect();
        assert_eq!(spectrum[2], "     250.111     0.000000            1         1.00");
        assert_eq!(
            &spectrum[spectrum.len() - 4..],
            [
                "    4001.791     1.000000            4          inf",
                "#[Mean    =     2187.440, StdDeviation   =     1429.494]",
                "#[Max     =     4001.791, Total count    =            4]",
                "#[Buckets =           22, SubBuckets     =         2048]",
            ]
        );
    }
}
