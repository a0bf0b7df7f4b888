//! The seconds of a run as a table of comma-separated values; writes no file.

use crate::load::{Percentiles, Second};

/// The names of the columns. Latencies are µs, empty where nothing was answered; rates are requests a second.
pub(crate) const TABLE_HEADER: &str = "second,span_s,phase,asked_rate,achieved_rate,sent,answered,errors_connect,errors_timeout,\
    errors_read,errors_write,errors_malformed,status_2xx,status_3xx,status_4xx,status_5xx,bytes,connections,in_flight,backlog,\
    latency_mean_us,latency_p50_us,latency_p90_us,latency_p99_us,latency_max_us,service_p50_us,service_p99_us\n";

/// One second as a line.
pub(crate) fn table_line(second: &Second) -> String {
    let counts = &second.counts;
    let errors = &counts.errors;
    let phase = if second.warm_up { "warm-up" } else { "measured" };
    let asked = second
        .asked_rate
        .map_or_else(String::new, |rate| rate.to_string());
    let known = |percentiles: &Percentiles, value: &dyn ToString| match *percentiles == Percentiles::default()
    {
        true => String::new(),
        false => value.to_string(),
    };
    let (latency, service) = (&second.latency, &second.service);
    let cells = [
        second.number.to_string(),
        second.span.to_string(),
        phase.to_owned(),
        asked,
        second.achieved_rate().to_string(),
        counts.sent.to_string(),
        counts.answered.to_string(),
        errors.connect.to_string(),
        errors.timeout.to_string(),
        errors.read.to_string(),
        errors.write.to_string(),
        errors.malformed.to_string(),
        counts.status_2xx.to_string(),
        counts.status_3xx.to_string(),
        counts.status_4xx.to_string(),
        counts.status_5xx.to_string(),
        counts.bytes.to_string(),
        second.gauges.connections.to_string(),
        second.gauges.in_flight.to_string(),
        second.gauges.backlog.to_string(),
        known(latency, &latency.mean),
        known(latency, &latency.p50),
        known(latency, &latency.p90),
        known(latency, &latency.p99),
        known(latency, &latency.max),
        known(service, &service.p50),
        known(service, &service.p99),
    ];
    cells.join(",") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_has_a_cell_for_each_name() {
        let second = Second::example();
        let line = table_line(&second);
        assert_eq!(line.matches(',').count(), TABLE_HEADER.matches(',').count());
        assert!(line.starts_with("1,1,measured,16,0,"), "{line}");
        assert!(
            line.ends_with(",250000,250000,251000,252000,253000,250000,252000\n"),
            "{line}"
        );
        let silent = Second {
            latency: Percentiles::default(),
            service: Percentiles::default(),
            warm_up: true,
            asked_rate: None,
            ..second
        };
        let line = table_line(&silent);
        assert!(
            line.starts_with("1,1,warm-up,,0,") && line.ends_with(",0,,,,,,,\n"),
            "{line}"
        );
    }
}
