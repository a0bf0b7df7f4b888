//! Long columns as they are read: in pieces, from either end, as much as a reader has room for.

use super::super::super::column::{End, Take};
use super::*;

/// Keeps what it is handed; notes how many points a piece had and the most that was asked for at once.
#[derive(Default)]
struct Taken {
    times: Vec<i64>,
    pieces: Vec<usize>,
    most_room: usize,
    refuses_above: Option<usize>,
}

impl Take for Taken {
    fn room(&mut self, bytes: usize) -> Result<(), ReadError> {
        self.most_room = self.most_room.max(bytes);
        match self.refuses_above {
            Some(most) if bytes > most => Err(ReadError::Stopped("no room".to_owned())),
            _ => Ok(()),
        }
    }

    fn take(&mut self, _: usize, column: Column) -> Result<(), ReadError> {
        self.pieces.push(column.times.len());
        self.times.extend(column.times);
        Ok(())
    }
}

fn read(tables: &Snapshot, field: &str, range: TimeRange, taken: &mut Taken) -> Result<(), ReadError> {
    tables.columns("m", &tables.series("m"), field, range, taken)
}

/// Goes through all parts from one end.
fn parts(tables: &Snapshot, end: End, rows: usize) -> Vec<TimeRange> {
    let series = tables.series("m");
    let mut parts = Vec::new();
    let mut rest = Some(ALL);
    while let Some(range) = rest {
        let part = tables.part("m", &series[0], range, end, rows).unwrap();
        parts.push(part);
        rest = range.beyond(part, end);
    }
    parts
}

/// Writes whole numbers from one on as values and times, which blocks hold, and then some that no block holds yet.
fn lab_of(points: i64, in_head: i64) -> Lab {
    let lab = Lab::limited(Limits {
        head_bytes: 4_000_000,
        ..Limits::default()
    });
    let lines = |range: std::ops::Range<i64>| range.map(|time| format!("m v={time}i,s=\"x\" {time}\n"));
    let mut written: Vec<String> = lines(0..points).collect();
    for body in written.chunks(20_000) {
        lab.write(&body.concat());
    }
    lab.storage().delete("lab", "m", &[], ALL).unwrap();
    written = lines(points..points + in_head).collect();
    if in_head > 0 {
        lab.write(&written.concat());
    }
    lab
}

#[test]
fn a_long_column_comes_in_pieces_that_follow_each_other() {
    let lab = lab_of(300_000, 100);
    // Younger than the first block, so that each piece looks for its own rows among those in memory.
    lab.write("m v=1i 5\nm v=1i -5");
    let mut taken = Taken::default();
    read(&lab.snapshot(), "v", ALL, &mut taken).unwrap();
    let times: Vec<i64> = [-5].into_iter().chain(0..300_100).collect();
    assert_eq!(taken.times, times);
    assert!(taken.pieces.len() > 1 && taken.pieces.iter().all(|count| *count <= 262_144 + 200));
    assert!(taken.most_room < 10_000_000, "{}", taken.most_room);
}

#[test]
fn memory_is_asked_for_before_a_column_is_made() {
    let lab = lab_of(10_000, 0);
    let mut taken = Taken {
        refuses_above: Some(100_000),
        ..Taken::default()
    };
    let error = read(&lab.snapshot(), "v", ALL, &mut taken).unwrap_err();
    assert_eq!((error.to_string().as_str(), taken.pieces.len()), ("no room", 0));
    // All values of `s` are the same: their block is small, the column is not.
    assert!(taken.most_room >= 10_000 * 16);
    read(&lab.snapshot(), "s", ALL, &mut taken).unwrap_err();
    let narrow = TimeRange {
        from: 9_000,
        to: 9_001,
    };
    taken.refuses_above = None;
    read(&lab.snapshot(), "v", narrow, &mut taken).unwrap();
    assert_eq!(taken.times, [9_000, 9_001]);
}

#[test]
fn parts_are_told_from_the_index_and_follow_each_other_from_either_end() {
    let lab = lab_of(30_000, 10);
    let tables = lab.snapshot();
    let first = parts(&tables, End::First, 1);
    let last = parts(&tables, End::Last, 1);
    assert!(first.len() >= 4, "{first:?}");
    assert_eq!(first.len(), last.len());
    for (list, end) in [(&first, End::First), (&last, End::Last)] {
        let mut all = Taken::default();
        for part in list {
            let mut taken = Taken::default();
            read(&tables, "v", *part, &mut taken).unwrap();
            assert!((1..=8_192 + 10).contains(&taken.times.len()), "{part:?}");
            match end {
                End::First => all.times.extend(taken.times),
                End::Last => all.times.splice(0..0, taken.times).for_each(drop),
            }
        }
        assert_eq!(all.times, (0..30_010).collect::<Vec<_>>());
    }
    assert_eq!(parts(&tables, End::First, usize::MAX), [ALL]);
    assert_eq!(parts(&tables, End::Last, 20_000).len(), 2);
}

#[test]
fn parts_are_those_of_the_moment_of_a_snapshot() {
    let lab = lab_of(30_000, 10);
    let (before, series) = (lab.snapshot(), lab.snapshot().series("m")[0].id);
    let end = TimeRange {
        from: 10_000,
        to: i64::MAX,
    };
    lab.storage().delete("lab", "m", &[series], end).unwrap();
    let after = lab.snapshot();
    lab.storage().drop_measurement("lab", "m").unwrap();
    let newest = |tables: &Snapshot| {
        let part = parts(tables, End::Last, 1)[0];
        let mut taken = Taken::default();
        read(tables, "v", part, &mut taken).unwrap();
        taken.times.last().copied()
    };
    assert_eq!((newest(&before), newest(&after)), (Some(30_009), Some(9_999)));
}

#[test]
fn long_texts_lie_in_blocks_that_a_reader_can_hold() {
    let lab = Lab::limited(Limits {
        head_bytes: 2_000_000,
        ..Limits::default()
    });
    let long = "x".repeat(10_000);
    for start in (0..1_000).step_by(50) {
        let lines = (start..start + 50).map(|time| format!("m s=\"{time}{long}\",t=\"idle\" {time}\n"));
        lab.write(&lines.collect::<String>());
    }
    lab.write("m s=\"last\" 1000");
    lab.storage().delete("lab", "m", &[], ALL).unwrap();
    let mut taken = Taken::default();
    read(&lab.snapshot(), "s", ALL, &mut taken).unwrap();
    assert_eq!(taken.times, (0..=1_000).collect::<Vec<_>>());
    assert!(taken.most_room < 16_000_000, "{}", taken.most_room);
    check_blocks(&lab);
    let connection = Connection::open(directory::path(lab.directory.path(), 1)).unwrap();
    let largest: usize = connection
        .query_row("SELECT max(length(payload)) FROM chunk", (), |row| row.get(0))
        .unwrap();
    assert!(largest <= 1_100_000, "{largest}");
}
