//! What a server has beyond workers: sockets, applications, caches, spoolers, crons, daemons, metrics.

use crate::uwsgi::Document;

use super::super::table::{Column, Row, Table, Tone, number, words};
use super::super::value::Value;

/// Those that the server has, each with its title; an Emperor and a router have none.
pub(crate) fn tables(document: &Document) -> Vec<Table> {
    let all = [
        sockets(document),
        apps(document),
        caches(document),
        spoolers(document),
        crons(document),
        daemons(document),
        metrics(document),
    ];
    all.into_iter().filter(|table| !table.rows.is_empty()).collect()
}

fn titled<'a, T: 'a>(
    title: &str,
    columns: &[Column],
    items: impl IntoIterator<Item = &'a T>,
    cells: impl Fn(&T) -> Vec<Value>,
) -> Table {
    let mut table = Table::new(columns.to_vec(), "");
    title.clone_into(&mut table.title);
    table.rows = items
        .into_iter()
        .map(|item| Row::new(cells(item), Tone::Plain))
        .collect();
    table
}

fn sockets(document: &Document) -> Table {
    let columns = [
        words("SOCKET", 24),
        words("PROTO", 7),
        number("QUEUE", 9),
        number("SHARED", 6),
        number("OFFLOAD", 7),
    ];
    titled("Sockets", &columns, &document.sockets, |socket| {
        // Of a Unix socket uWSGI says 0 of 0 on Linux, because it does not know.
        let queue = match socket.max_queue {
            0 => Value::Unknown,
            most => Value::Part(socket.queue, most),
        };
        vec![
            Value::text(&socket.name),
            Value::text(&socket.proto),
            queue,
            Value::Count(socket.shared),
            Value::Count(socket.can_offload),
        ]
    })
}

fn apps(document: &Document) -> Table {
    let columns = [
        number("WORKER", 6),
        number("APP", 3),
        number("MODIFIER", 8),
        number("STARTED", 8),
        number("EXC", 4),
        number("STARTUP", 7),
    ];
    let workers = document.workers.iter().enumerate();
    let apps: Vec<_> = workers
        .flat_map(|(index, worker)| worker.apps.iter().map(move |app| (index + 1, app)))
        .collect();
    titled("Applications", &columns, &apps, |(worker, app)| {
        vec![
            Value::Place(*worker, None),
            Value::Count(app.id),
            Value::Count(app.modifier1),
            Value::Count(app.requests),
            Value::Count(app.exceptions),
            Value::Seconds(app.startup_time),
        ]
    })
}

fn caches(document: &Document) -> Table {
    let columns = [
        words("CACHE", 16),
        number("ITEMS", 12),
        number("HITS", 8),
        number("MISSES", 8),
        number("HIT%", 5),
        number("FULL", 5),
        number("BLOCKS", 7),
        number("BLOCK", 6),
        number("KEY", 5),
        number("MODIFIED", 12),
    ];
    titled("Caches", &columns, &document.caches, |cache| {
        let asked = cache.hits.saturating_add(cache.miss);
        let hit_rate = (asked > 0).then(|| cache.hits as f64 / asked as f64 * 100.0);
        vec![
            Value::text(&cache.name),
            Value::Part(cache.items, cache.max_items),
            Value::Count(cache.hits),
            Value::Count(cache.miss),
            Value::known(hit_rate, Value::Percent),
            Value::Count(cache.full),
            Value::Count(cache.blocks),
            Value::Bytes(cache.blocksize as f64),
            Value::Bytes(cache.keysize as f64),
            Value::Clock(cache.last_modified_at),
        ]
    })
}

fn spoolers(document: &Document) -> Table {
    let columns = [
        words("SPOOLER", 24),
        number("PID", 7),
        number("TASKS", 8),
        number("RESPAWNS", 8),
        words("STATE", 7),
    ];
    titled("Spoolers", &columns, &document.spoolers, |spooler| {
        vec![
            Value::text(&spooler.dir),
            Value::Count(spooler.pid),
            Value::Count(spooler.tasks),
            Value::Count(spooler.respawns),
            Value::text(if spooler.running > 0 { "running" } else { "idle" }),
        ]
    })
}

fn crons(document: &Document) -> Table {
    let columns = [
        words("CRON", 24),
        words("MIN HOUR DAY MON WEEK", 21),
        words("STATE", 7),
        number("PID", 7),
        number("STARTED", 12),
    ];
    titled("Crons", &columns, &document.crons, |cron| {
        let parts = [cron.minute, cron.hour, cron.day, cron.month, cron.week];
        let parts = parts.map(|part| match part {
            -1 => "*".to_owned(),
            // uWSGI writes "every 5" as -5.
            ..-1 => format!("*/{}", part.unsigned_abs()),
            _ => part.to_string(),
        });
        let runs = cron.pid > 0;
        vec![
            Value::text(&cron.command),
            Value::text(&parts.join(" ")),
            Value::text(if runs { "running" } else { "waiting" }),
            if runs {
                Value::Signed(cron.pid)
            } else {
                Value::Unknown
            },
            Value::Clock(u64::try_from(cron.started_at).unwrap_or(0)),
        ]
    })
}

fn daemons(document: &Document) -> Table {
    let columns = [words("DAEMON", 40), number("PID", 7), words("STATE", 7)];
    titled("Daemons", &columns, &document.daemons, |daemon| {
        let runs = daemon.pid > 0;
        vec![
            Value::text(&daemon.cmd),
            Value::Signed(daemon.pid),
            Value::text(if runs { "running" } else { "down" }),
        ]
    })
}

fn metrics(document: &Document) -> Table {
    let columns = [words("METRIC", 40), words("TYPE", 8), number("VALUE", 12)];
    let items: Vec<_> = document.metrics.iter().collect();
    titled("Metrics", &columns, &items, |(name, metric)| {
        vec![
            Value::text(name),
            Value::text(metric.kind_name()),
            Value::Signed(metric.value),
        ]
    })
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::super::super::value::Calendar;
    use super::*;

    fn shown(bytes: &[u8]) -> Vec<(String, Vec<String>)> {
        let calendar = Calendar {
            zone: TimeZone::UTC,
            now_us: 0,
        };
        let document = crate::uwsgi::parse(bytes).unwrap();
        let tables = tables(&document).into_iter().map(|table| {
            let row = |row: &Row| {
                let cells: Vec<_> = row.cells.iter().map(|cell| cell.show(&calendar)).collect();
                cells.join("|")
            };
            (table.title.clone(), table.rows.iter().map(row).collect())
        });
        tables.collect()
    }

    #[test]
    fn only_what_a_server_has_is_shown_and_what_uwsgi_cannot_know_is_unknown() {
        let document = br#"{"workers":[{"apps":[{"id":0,"requests":7,"startup_time":2}]}],
            "sockets":[{"name":"/run/app.sock","proto":"uwsgi"}],
            "caches":[{"name":"one","items":5,"max_items":10,"hits":3,"miss":1}],
            "crons":[{"command":"tidy","minute":-5,"hour":3,"day":-1,"month":-1,"week":-1,"pid":-1}],
            "metrics":{"mine":{"type":1,"value":-4}}}"#;
        let expected = [
            ("Sockets", "/run/app.sock|uwsgi|-|0|0"),
            ("Applications", "1|0|0|7|0|2s"),
            ("Caches", "one|5/10|3|1|75.0|0|0|0|0|-"),
            ("Crons", "tidy|*/5 3 * * *|waiting|-|-"),
            ("Metrics", "mine|gauge|-4"),
        ]
        .map(|(title, row)| (title.to_owned(), vec![row.to_owned()]));
        assert_eq!(shown(document), expected);
    }

    #[test]
    fn a_real_server_with_everything_is_shown_with_everything() {
        let titles: Vec<_> = shown(include_bytes!(
            "../../../tests/fixtures/uwsgi-stats/mules-spooler-cache.json"
        ))
        .into_iter()
        .map(|(title, _)| title)
        .collect();
        assert!(titles.contains(&"Caches".to_owned()), "{titles:?}");
        assert!(titles.contains(&"Spoolers".to_owned()), "{titles:?}");
    }
}
