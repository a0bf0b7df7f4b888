//! Workers, and their cores if wanted: uwsgitop's columns, and rates that are true.

use crate::uwsgi::{Core, Document, Worker};

use super::super::rates::{Rates, WorkerFlow};
use super::super::table::{Column, Row, Sort, Table, Tone, number, words};
use super::super::value::Value;

/// Whether cores are shown, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum CoreView {
    /// Workers only
    #[default]
    Off,
    /// Cores instead of workers, in one list
    Merged,
    /// Cores below their workers
    Under,
}

impl CoreView {
    pub(crate) fn next(self) -> Self {
        match self {
            Self::Off => Self::Merged,
            Self::Merged => Self::Under,
            Self::Under => Self::Off,
        }
    }
}

/// Those that are read most come first, for terminals that have no room for all.
pub(crate) const COLUMNS: [Column; 21] = [
    number("WID", 4),
    number("PID", 7),
    words("STATUS", 6),
    number("REQ", 7),
    number("%", 4),
    number("RPS", 5),
    number("BUSY%", 5),
    number("MEAN", 6),
    number("AVG", 6),
    number("EXC", 3),
    number("HC", 3),
    number("RSS", 5),
    number("TX/S", 5),
    number("VSZ", 5),
    number("TX", 5),
    number("ReSpwn", 6),
    number("RunT", 6),
    number("SIG", 3),
    number("SIGQ", 4),
    number("DELTA", 5),
    number("LastSpwn", 8),
];

/// As uwsgitop sorts: most requests first.
pub(crate) const DEFAULT_SORT: Sort = Sort {
    column: 3,
    descending: true,
};

/// Columns that only cores have.
const CORE_COLUMNS: [Column; 5] = [
    number("STATIC", 6),
    number("ROUTED", 6),
    number("OFFLD", 5),
    number("RERR", 4),
    number("WERR", 4),
];

/// Of the columns of workers, those that cores have too.
const SHARED: [usize; 5] = [0, 2, 3, 4, 5];

/// As the workers are ordered by default.
pub(crate) const CORE_SORT: Sort = Sort {
    column: 2,
    descending: true,
};

pub(super) fn table(document: &Document, rates: Option<&Rates>, cores: CoreView) -> Table {
    let all: u64 = document.workers.iter().map(|worker| worker.requests).sum();
    let workers = document.workers.iter().enumerate();
    let workers =
        workers.map(|(index, worker)| (index + 1, worker, rates.and_then(|rates| rates.worker(index))));
    if cores == CoreView::Merged {
        let shared = SHARED.map(|index| COLUMNS[index]);
        let mut table = Table::new(
            shared.into_iter().chain(CORE_COLUMNS).collect(),
            "no core has served a request yet, or the server runs with stats-no-cores",
        );
        table.rows = workers
            .flat_map(|(place, worker, flow)| core_rows(place, worker, flow, all))
            .collect();
        return table;
    }
    let mut table = Table::new(COLUMNS.to_vec(), "no workers");
    table.rows = workers
        .clone()
        .map(|(place, worker, flow)| worker_row(place, worker, flow, all))
        .collect();
    if cores == CoreView::Under {
        table.columns.extend(CORE_COLUMNS);
        for (row, (place, worker, flow)) in table.rows.iter_mut().zip(workers) {
            row.cells.resize(COLUMNS.len() + CORE_COLUMNS.len(), Value::Blank);
            row.children = core_rows(place, worker, flow, all);
            row.children.iter_mut().for_each(spread);
        }
    }
    table
}

/// Moves the cells of a core to where the columns of workers have them.
fn spread(row: &mut Row) {
    let mut cells = vec![Value::Blank; COLUMNS.len()];
    let own = row.cells.split_off(SHARED.len());
    for (index, cell) in SHARED.into_iter().zip(row.cells.drain(..)) {
        cells[index] = cell;
    }
    cells.extend(own);
    row.cells = cells;
}

fn worker_row(place: usize, worker: &Worker, flow: Option<&WorkerFlow>, all: u64) -> Row {
    let cores = worker.cores.as_ref().map_or(0, Vec::len).max(1) as f64;
    let of_flow = |make: fn(&WorkerFlow, f64) -> Value| Value::known(flow, |flow| make(flow, cores));
    let cells = vec![
        Value::Place(place, None),
        Value::Count(worker.pid),
        Value::text(shown_status(worker)),
        Value::Count(worker.requests),
        share(worker.requests, all),
        of_flow(|worker, _| Value::Rate(worker.flow.requests_s)),
        of_flow(|worker, cores| Value::Percent(worker.flow.busy_cores / cores * 100.0)),
        Value::known(flow.and_then(|worker| worker.flow.mean_us), Value::Micros),
        Value::Micros(worker.avg_rt as f64),
        Value::Count(worker.exceptions),
        Value::Count(worker.harakiri_count),
        Value::bytes_if_known(worker.rss),
        of_flow(|worker, _| Value::Bytes(worker.flow.tx_s)),
        Value::bytes_if_known(worker.vsz),
        Value::Bytes(worker.tx as f64),
        Value::Count(worker.respawn_count),
        Value::Micros(worker.running_time as f64),
        Value::Count(worker.signals),
        Value::Bytes(worker.signal_queue as f64),
        Value::Count(worker.delta_requests),
        Value::Clock(worker.last_spawn),
    ];
    Row::new(cells, tone(worker))
}

/// A worker that died says `idle` until it is respawned (seen with uWSGI 2.0.31).
fn shown_status(worker: &Worker) -> &str {
    match worker.status.as_str() {
        "idle" | "busy" if worker.pid == 0 => "dead",
        status => status,
    }
}

fn tone(worker: &Worker) -> Tone {
    match shown_status(worker) {
        "busy" => Tone::Busy,
        "cheap" => Tone::Cheap,
        "pause" => Tone::Pause,
        "dead" => Tone::Bad,
        status if status.starts_with("sig") => Tone::Signal,
        _ => Tone::Plain,
    }
}

fn share(part: u64, all: u64) -> Value {
    match all {
        0 => Value::Percent(0.0),
        _ => Value::Percent(part as f64 / all as f64 * 100.0),
    }
}

/// A core that never served is not shown, as in uwsgitop: gevent has thousands of them.
fn core_rows(place: usize, worker: &Worker, flow: Option<&WorkerFlow>, all: u64) -> Vec<Row> {
    let cores = worker.cores.iter().flatten().enumerate();
    let used = cores.filter(|(_, core)| core.requests > 0 || core.in_request > 0);
    used.map(|(index, core)| {
        let rate = flow.and_then(|worker| worker.cores.get(index).copied().flatten());
        core_row(place, core, rate, all)
    })
    .collect()
}

fn core_row(place: usize, core: &Core, rate: Option<f64>, all: u64) -> Row {
    let is_busy = core.in_request > 0;
    let cells = vec![
        Value::Place(place, Some(core.id)),
        Value::text(if is_busy { "busy" } else { "idle" }),
        Value::Count(core.requests),
        share(core.requests, all),
        Value::known(rate, Value::Rate),
        Value::Count(core.static_requests),
        Value::Count(core.routed_requests),
        Value::Count(core.offloaded_requests),
        Value::Count(core.read_errors),
        Value::Count(core.write_errors),
    ];
    Row::new(cells, if is_busy { Tone::Busy } else { Tone::Plain })
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::super::super::samples::reading;
    use super::super::super::server::Server;
    use super::super::super::value::Calendar;
    use super::super::chief;
    use super::*;

    fn server() -> Server {
        let mut server = Server::new("a:1", "tcp://a:1");
        server.take(reading(
            1_795_950_152.0,
            &[(11, "busy", 10), (0, "idle", 4), (0, "cheap", 0)],
        ));
        server.take(reading(
            1_795_950_153.0,
            &[(11, "busy", 13), (0, "idle", 4), (0, "cheap", 0)],
        ));
        server
    }

    fn shown(table: &Table) -> Vec<String> {
        let calendar = Calendar {
            zone: TimeZone::UTC,
            now_us: 1_795_950_153_000_000,
        };
        let lines = table.lines();
        let cells = lines.iter().map(|row| {
            let cells: Vec<_> = row.cells.iter().map(|cell| cell.show(&calendar)).collect();
            cells.join(" ").trim_end().to_owned()
        });
        cells.collect()
    }

    #[test]
    fn every_column_of_uwsgitop_is_there_with_rates_beside_it() {
        let table = chief(&server(), CoreView::Off);
        assert_eq!(
            shown(&table),
            [
                "1 11 busy 13 76.5 3.0 75.0 250ms 251ms 0 0 25.2M 5.86K 98.2M 25.4K 1 3.25s 0 0 13 10:36:40",
                "2 0 dead 4 23.5 0 0 - 251ms 0 0 25.2M 0 98.2M 7.81K 1 1s 0 0 4 10:36:40",
                "3 0 cheap 0 0 0 0 - 251ms 0 0 25.2M 0 98.2M 0 1 0us 0 0 0 10:36:40",
            ]
        );
        let tones: Vec<_> = table.rows.iter().map(|row| row.tone).collect();
        assert_eq!(tones, [Tone::Busy, Tone::Bad, Tone::Cheap]);
    }

    #[test]
    fn cores_stand_under_their_workers_or_alone_and_unused_ones_nowhere() {
        let places = |view| -> Vec<String> {
            let rows = shown(&chief(&server(), view));
            rows.iter()
                .map(|row| row.split(' ').next().unwrap().to_owned())
                .collect()
        };
        assert_eq!(places(CoreView::Under), ["1", "1:0", "2", "2:0", "3"]);
        assert_eq!(places(CoreView::Merged), ["1:0", "2:0"]);
    }

    #[test]
    fn every_row_has_a_cell_for_every_column() {
        for view in [CoreView::Off, CoreView::Merged, CoreView::Under] {
            let table = chief(&server(), view);
            for row in table.lines() {
                assert_eq!(row.cells.len(), table.columns.len(), "{view:?}");
            }
        }
    }
}
