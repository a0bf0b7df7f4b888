//! What is shown of the server and not of one database.

use crate::embedded::store::answer::{Answer, AnswerSeries, Cell};

/// `SHOW DATABASES`, in the order given.
pub(in crate::embedded::store) fn databases(names: &[String]) -> Answer {
    let rows = names.iter().map(|name| vec![text(name)]).collect();
    answer("databases", &["name"], rows)
}

/// `SHOW USERS`: the one who may do everything, where the server asks for a password.
pub(in crate::embedded::store) fn users(administrator: Option<&str>) -> Answer {
    let rows = administrator
        .iter()
        .map(|name| vec![text(name), Cell::Boolean(true)])
        .collect();
    answer("", &["user", "admin"], rows)
}

/// `SHOW RETENTION POLICIES`: the one that InfluxDB 1.6.7 gives every database.
pub(in crate::embedded::store) fn retention_policies() -> Answer {
    let row = vec![
        text("autogen"),
        text("0s"),
        text("168h0m0s"),
        Cell::Integer(1),
        Cell::Boolean(true),
    ];
    answer(
        "",
        &["name", "duration", "shardGroupDuration", "replicaN", "default"],
        vec![row],
    )
}

fn text(text: &str) -> Cell {
    Cell::Text(text.into())
}

/// Without rows too, as InfluxDB shows these.
fn answer(name: &str, columns: &[&str], rows: Vec<Vec<Cell>>) -> Answer {
    let columns = columns.iter().map(|column| (*column).to_owned()).collect();
    let series = vec![AnswerSeries {
        name: name.to_owned(),
        tags: Vec::new(),
        columns,
        rows,
    }];
    Answer {
        series,
        ..Answer::default()
    }
}
