//! Storage as its users see it: written through line protocol, read as tables, closed and opened again.

mod pieces;

use std::path::Path;

use proptest::prelude::*;
use rusqlite::Connection;
use tempfile::TempDir;

use super::super::column::{Column, Kind, ReadError, Series, Tables, Values};
use super::*;

const ALL: TimeRange = TimeRange {
    from: i64::MIN,
    to: i64::MAX,
};

/// A store with the database `lab` in a directory of its own.
struct Lab {
    directory: TempDir,
    storage: Option<Storage>,
    limits: Limits,
}

impl Lab {
    fn new() -> Self {
        Self::limited(Limits::default())
    }

    fn limited(limits: Limits) -> Self {
        let directory = TempDir::new().unwrap();
        let storage = Storage::open_limited(directory.path(), limits).unwrap();
        storage.create_database("lab").unwrap();
        Self {
            directory,
            storage: Some(storage),
            limits,
        }
    }

    /// Heads are sealed after every write.
    fn sealing() -> Self {
        Self::limited(Limits {
            head_bytes: 1,
            ..Limits::default()
        })
    }

    fn storage(&self) -> &Storage {
        self.storage.as_ref().unwrap()
    }

    fn write(&self, body: &str) {
        self.try_write(body).unwrap();
    }

    fn try_write(&self, body: &str) -> Result<(), WriteError> {
        self.storage()
            .write("lab", body.as_bytes(), Precision::Nanoseconds, 7)
    }

    fn snapshot(&self) -> Snapshot {
        self.storage().tables("lab").unwrap().unwrap()
    }

    fn reopen(&mut self) {
        self.storage = None;
        self.storage = Some(Storage::open_limited(self.directory.path(), self.limits).unwrap());
    }

    fn dump(&self) -> Vec<String> {
        dump(&self.snapshot(), ALL)
    }
}

/// Every value of a database: `measurement,tags field=value time`.
fn dump(tables: &Snapshot, range: TimeRange) -> Vec<String> {
    let mut lines = Vec::new();
    for measurement in tables.measurements() {
        let series = tables.series(&measurement);
        for (field, _) in tables.fields(&measurement) {
            tables
                .columns(
                    &measurement,
                    &series,
                    &field,
                    range,
                    &mut |index: usize, column: Column| {
                        let name = key(&measurement, &series[index]);
                        for (place, time) in column.times.iter().enumerate() {
                            lines.push(format!("{name} {field}={} {time}", shown(&column.values, place)));
                        }
                        Ok(())
                    },
                )
                .unwrap();
        }
    }
    lines
}

fn key(measurement: &str, series: &Series) -> String {
    let tags = series.tags.iter().map(|(key, value)| format!(",{key}={value}"));
    measurement.to_owned() + &tags.collect::<String>()
}

fn shown(values: &Values, place: usize) -> String {
    match values {
        Values::Float(list) => format!("{:?}", list[place]),
        Values::Integer(list) => format!("{}i", list[place]),
        Values::Text(list) => format!("{:?}", list[place]),
        Values::Boolean(list) => list[place].to_string(),
    }
}

fn refusal(result: Result<(), WriteError>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn what_is_written_is_read_before_and_after_sealing_and_after_a_start() {
    let body = "m,b=2,a=1 i=1i,f=2.5,s=\"x\",t=true 10\nm,a=1,b=2 i=-2i 5\nm f=1 1\nn v=1i";
    let expected = [
        "m f=1.0 1",
        "m,a=1,b=2 f=2.5 10",
        "m,a=1,b=2 i=-2i 5",
        "m,a=1,b=2 i=1i 10",
        "m,a=1,b=2 s=\"x\" 10",
        "m,a=1,b=2 t=true 10",
        "n v=1i 7",
    ];
    for mut lab in [Lab::new(), Lab::sealing()] {
        lab.write(body);
        let written = lab.dump();
        lab.reopen();
        assert_eq!(written, expected);
        assert_eq!(lab.dump(), expected);
    }
}

#[test]
fn catalogues_are_sorted_and_ids_are_never_given_twice() {
    let mut lab = Lab::new();
    lab.write("m,a=2 v=1,b=t 1\nm,a=1 v=1,a=\"x\" 1\nm v=1 1\nk v=1 1");
    let tables = lab.snapshot();
    let fields = [
        ("a".to_owned(), Kind::Text),
        ("b".to_owned(), Kind::Boolean),
        ("v".to_owned(), Kind::Float),
    ];
    assert_eq!(tables.measurements(), ["k", "m"]);
    assert_eq!(tables.fields("m"), fields);
    let keys =
        |tables: &Snapshot| -> Vec<_> { tables.series("m").iter().map(|series| key("m", series)).collect() };
    assert_eq!(keys(&tables), ["m", "m,a=1", "m,a=2"]);
    let last = tables
        .series("m")
        .iter()
        .chain(&tables.series("k"))
        .map(|series| series.id)
        .max();
    lab.storage().drop_measurement("lab", "m").unwrap();
    lab.storage().drop_measurement("lab", "k").unwrap();
    lab.reopen();
    lab.write("m v=1 1");
    assert_eq!(lab.snapshot().series("m")[0].id, last.unwrap() + 1);
    // Who looked before still sees what was there.
    assert_eq!(keys(&tables), ["m", "m,a=1", "m,a=2"]);
}

#[test]
fn the_last_value_of_a_time_counts_wherever_the_first_one_is() {
    let expected = ["m v=3.0 1", "m v=2.0 2", "m v=9.0 3", "m w=1.0 1"];
    for lab in [Lab::new(), Lab::sealing()] {
        lab.write("m v=1 3\nm v=2 2\nm v=3,w=1 1\nm v=4,v=5 3");
        lab.write("m v=9 3");
        assert_eq!(lab.dump(), expected);
    }
}

#[test]
fn a_range_includes_both_its_ends() {
    for lab in [Lab::new(), Lab::sealing()] {
        lab.write("m v=1 10\nm v=2 20\nm v=3 30\nm v=4 40\nm w=1 25");
        let range = |from, to| dump(&lab.snapshot(), TimeRange { from, to });
        assert_eq!(range(20, 30), ["m v=2.0 20", "m v=3.0 30", "m w=1.0 25"]);
        assert_eq!(range(21, 29), ["m w=1.0 25"]);
        assert_eq!(range(41, i64::MAX), Vec::<String>::new());
        assert_eq!(range(i64::MIN, 9), Vec::<String>::new());
        assert_eq!(range(40, 40), ["m v=4.0 40"]);
    }
}

#[test]
fn times_at_the_ends_of_the_range_are_kept() {
    let (first, last) = (i64::MIN + 2, i64::MAX - 1);
    for mut lab in [Lab::new(), Lab::sealing()] {
        lab.write(&format!("m v=1 {last}\nm v=2 {first}\nm v=3 0"));
        lab.reopen();
        let expected = [
            format!("m v=2.0 {first}"),
            "m v=3.0 0".to_owned(),
            format!("m v=1.0 {last}"),
        ];
        assert_eq!(lab.dump(), expected);
    }
}

#[test]
fn points_that_cannot_be_stored_are_named_as_influxdb_names_them_and_the_others_are_stored() {
    let lab = Lab::new();
    lab.write("m v=1,w=1 1\no v=\"x\" 1\np v=true 1\nn v=1i 1");
    let table = [
        (
            "m v=2i 2\nm v=\"x\" 3\nm v=4 4",
            "partial write: field type conflict: input field \"v\" on measurement \"m\" is type integer, \
             already exists as type float dropped=2",
        ),
        (
            "o v=1 1",
            "partial write: field type conflict: input field \"v\" on measurement \"o\" is type float, \
             already exists as type string dropped=1",
        ),
        (
            "p v=1i 1\nn w=1 2",
            "partial write: field type conflict: input field \"v\" on measurement \"p\" is type integer, \
             already exists as type boolean dropped=1",
        ),
        (
            "m v=2i 2\nbad\nm v=7 7",
            "partial write: field type conflict: input field \"v\" on measurement \"m\" is type integer, \
             already exists as type float dropped=1",
        ),
        (
            "m v=3i 3\nm,time=1 v=1 1",
            "partial write: invalid tag key: input tag \"time\" on measurement \"m\" is invalid dropped=2",
        ),
        (
            "m time=2 3\nm v=3i 2\nm v=8,time=1 8",
            "partial write: invalid field name: input field \"time\" on measurement \"m\" is invalid dropped=2",
        ),
        (
            "m v=9 9\nbad\nm, v=1",
            "partial write: unable to parse 'bad': missing fields\nunable to parse 'm, v=1': missing tag key dropped=0",
        ),
        (
            "bad\nm v=",
            "unable to parse 'bad': missing fields\nunable to parse 'm v=': missing field value",
        ),
    ];
    for (body, expected) in table {
        assert_eq!(refusal(lab.try_write(body)), expected, "{body:?}");
    }
    let expected = [
        "m v=1.0 1",
        "m v=4.0 4",
        "m v=7.0 7",
        "m v=8.0 8",
        "m v=9.0 9",
        "m w=1.0 1",
        "n v=1i 1",
        "n w=1.0 2",
        "o v=\"x\" 1",
        "p v=true 1",
    ];
    assert_eq!(lab.dump(), expected);
}

#[test]
fn a_message_names_a_hundred_bad_lines_at_most() {
    let lab = Lab::new();
    let message = refusal(lab.try_write(&"bad\n".repeat(130)));
    assert_eq!(message.lines().count(), 101);
    assert_eq!(message.lines().last(), Some("and 30 more lines"));
}

#[test]
fn new_series_beyond_the_limit_are_refused_and_known_ones_are_not() {
    let lab = Lab::limited(Limits {
        series: 2,
        ..Limits::default()
    });
    let message = refusal(lab.try_write("m,a=1 v=1 1\nm,a=2 v=1 1\nm,a=3 v=1 1\nm,a=1 v=2 2\nn v=1 1"));
    assert_eq!(
        message,
        "partial write: max-series-per-database limit exceeded: (2) dropped=2"
    );
    assert_eq!(lab.dump(), ["m,a=1 v=1.0 1", "m,a=1 v=2.0 2", "m,a=2 v=1.0 1"]);
    lab.storage().drop_measurement("lab", "m").unwrap();
    lab.write("n v=1 1");
    assert_eq!(lab.dump(), ["n v=1.0 1"]);
}

#[test]
fn long_keys_count_as_several_series_and_fields_have_a_limit_too() {
    let lab = Lab::limited(Limits {
        series: 3,
        fields: 2,
        ..Limits::default()
    });
    lab.write(&format!("m,a={} v=1 1", "x".repeat(1_100)));
    let message = refusal(lab.try_write("m,a=1 v=1 1"));
    assert_eq!(
        message,
        "partial write: max-series-per-database limit exceeded: (3) dropped=1"
    );
    lab.storage().drop_measurement("lab", "m").unwrap();
    let message = refusal(lab.try_write("m,a=1 v=1 1\nm,a=1 v=2,w=2 2\nm,a=1 x=3 3\nm,a=1 w=4 4"));
    assert_eq!(
        message,
        "partial write: max-fields-per-database limit exceeded: (2) dropped=1"
    );
    assert_eq!(
        lab.dump(),
        ["m,a=1 v=1.0 1", "m,a=1 v=2.0 2", "m,a=1 w=2.0 2", "m,a=1 w=4.0 4"]
    );
}

#[test]
fn deleting_takes_points_and_series_that_are_left_without() {
    for mut lab in [Lab::new(), Lab::sealing()] {
        lab.write("m,a=1 v=1,w=1 1\nm,a=1 v=2 2\nm,a=1 v=3 3\nm,a=2 v=1 2\nm v=5 2");
        let ids: Vec<_> = lab
            .snapshot()
            .series("m")
            .iter()
            .map(|series| series.id)
            .collect();
        let range = TimeRange { from: 2, to: 2 };
        lab.storage().delete("lab", "m", &ids[1..], range).unwrap();
        assert_eq!(
            lab.dump(),
            ["m v=5.0 2", "m,a=1 v=1.0 1", "m,a=1 v=3.0 3", "m,a=1 w=1.0 1"]
        );
        assert_eq!(lab.snapshot().series("m").len(), 2);
        lab.storage().drop_series("lab", "m", &ids[..2]).unwrap();
        assert_eq!(lab.snapshot().measurements(), Vec::<String>::new());
        lab.reopen();
        lab.write("m v=1i 1");
        assert_eq!(lab.dump(), ["m v=1i 1"]);
    }
}

#[test]
fn removing_what_is_not_there_is_no_error() {
    let lab = Lab::new();
    lab.write("m v=1 1");
    lab.storage().drop_measurement("lab", "x").unwrap();
    lab.storage().delete("lab", "x", &[1], ALL).unwrap();
    lab.storage().drop_series("lab", "m", &[99]).unwrap();
    lab.storage().drop_database("x").unwrap();
    assert_eq!(lab.dump(), ["m v=1.0 1"]);
}

#[test]
fn a_dropped_database_leaves_no_file_and_its_name_can_be_used_at_once() {
    let mut lab = Lab::new();
    lab.storage().create_database("other").unwrap();
    lab.write("m v=1 1");
    let before = lab.snapshot();
    lab.storage().drop_database("lab").unwrap();
    assert_eq!(lab.storage().databases(), ["other"]);
    lab.storage().create_database("lab").unwrap();
    lab.write("m v=2 1");
    assert_eq!(dump(&before, ALL), ["m v=1.0 1"]);
    drop(before);
    assert_eq!(lab.dump(), ["m v=2.0 1"]);
    lab.reopen();
    assert_eq!(lab.storage().databases(), ["lab", "other"]);
    lab.storage().drop_database("lab").unwrap();
    lab.storage().drop_database("other").unwrap();
    let left: Vec<_> = lab
        .directory
        .path()
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["store.lock"]);
}

#[test]
fn names_of_databases_are_checked_as_influxdb_checks_them() {
    let lab = Lab::new();
    let long = "a".repeat(256);
    let table = [
        ("lab", "ok"),
        ("a b", "ok"),
        ("é%", "ok"),
        ("A", "ok"),
        ("a", "ok"),
        ("", "invalid name"),
        (".", "invalid name"),
        ("..", "invalid name"),
        ("a/b", "invalid name"),
        ("a\\b", "invalid name"),
        ("a\nb", "invalid name"),
        (&long, "name too long"),
    ];
    for (name, expected) in table {
        let outcome = lab.storage().create_database(name);
        assert_eq!(
            outcome.map_or_else(|error| error.to_string(), |()| "ok".to_owned()),
            expected,
            "{name}"
        );
    }
    assert_eq!(lab.storage().databases(), ["A", "a", "a b", "lab", "é%"]);
}

#[test]
fn a_database_that_is_not_there_is_named() {
    let lab = Lab::new();
    let outcome = lab.storage().write("nope", b"m v=1", Precision::Seconds, 1);
    assert_eq!(refusal(outcome), "database not found: \"nope\"");
    assert!(lab.storage().tables("nope").unwrap().is_none());
}

#[test]
fn a_directory_serves_one_store_at_a_time() {
    let lab = Lab::new();
    let second = Storage::open(lab.directory.path()).unwrap_err();
    let expected = format!(
        "the directory {} is in use by another process",
        lab.directory.path().display()
    );
    assert_eq!(second.to_string(), expected);
}

#[test]
fn a_snapshot_stays_as_it_was_while_rows_are_written_sealed_and_dropped() {
    let lab = Lab::limited(Limits {
        head_bytes: 2_000,
        ..Limits::default()
    });
    lab.write("m v=1 1\nm v=2 2");
    let before = lab.snapshot();
    for time in 0..200 {
        lab.write(&format!("m v=5 {time}\nk,a={time} v=1 1"));
    }
    let later = lab.snapshot();
    lab.storage().drop_measurement("lab", "m").unwrap();
    assert_eq!(dump(&before, ALL), ["m v=1.0 1", "m v=2.0 2"]);
    assert_eq!(dump(&later, ALL).len(), 400);
    assert_eq!(lab.dump().len(), 200);
}

#[test]
fn rows_of_many_blocks_are_read_in_order() {
    let lab = Lab::limited(Limits {
        head_bytes: 200_000,
        ..Limits::default()
    });
    // Two interleaved passes, so that the second one falls between and into the blocks of the first.
    for start in [0, 1] {
        let lines = (0..30_000).map(|index| format!("m v={index}i {}\n", index * 2 + start));
        let lines: Vec<_> = lines.collect();
        for body in lines.chunks(1_000) {
            lab.write(&body.concat());
        }
    }
    let tables = lab.snapshot();
    let mut read = Vec::new();
    let range = TimeRange { from: 10, to: 50_000 };
    let each = &mut |_, column: Column| {
        read.push(column);
        Ok(())
    };
    tables
        .columns("m", &tables.series("m"), "v", range, each)
        .unwrap();
    let expected = Column {
        times: (10..=50_000).collect(),
        values: Values::Integer((10..=50_000).map(|time| time / 2).collect()),
    };
    assert_eq!(read, [expected]);
    drop(tables);
    check_blocks(&lab);
}

#[test]
fn columns_of_many_series_come_in_the_order_asked_for() {
    for lab in [Lab::new(), Lab::sealing()] {
        let lines =
            (0..400).map(|index| format!("m,n={} v={index}i,w={index} {}\n", index * 7 % 400, index % 3));
        lab.write(&lines.collect::<String>());
        lab.write("m,n=7 v=-1i 9\nm,n=8 x=1 1");
        let tables = lab.snapshot();
        let mut series = tables.series("m");
        series.reverse();
        let mut read = Vec::new();
        let each = &mut |index: usize, column: Column| {
            read.push((index, column));
            Ok(())
        };
        tables
            .columns("m", &series, "v", TimeRange { from: 1, to: 9 }, each)
            .unwrap();
        let column = |series: &Series| {
            let number: i64 = series.tags[0].1.parse().unwrap();
            let value = (0..400).find(|index| index * 7 % 400 == number).unwrap();
            let late = (number == 7).then_some((9, -1));
            let points = [(value % 3, value)]
                .into_iter()
                .filter(|(time, _)| *time > 0)
                .chain(late);
            let (times, values): (Vec<_>, Vec<_>) = points.unzip();
            Column {
                times,
                values: Values::Integer(values),
            }
        };
        let columns = series.iter().map(|series| column(series)).enumerate();
        let expected: Vec<_> = columns.filter(|(_, column)| !column.times.is_empty()).collect();
        assert_eq!(read, expected);
    }
}

#[test]
fn who_reads_columns_can_end_the_reading() {
    let lab = Lab::sealing();
    lab.write("m,n=1 v=1 1\nm,n=2 v=1 1");
    let tables = lab.snapshot();
    let mut calls = 0;
    let each = &mut |_, _| {
        calls += 1;
        Err(ReadError::Stopped("enough".to_owned()))
    };
    let error = tables
        .columns("m", &tables.series("m"), "v", ALL, each)
        .unwrap_err();
    assert_eq!((error.to_string().as_str(), calls), ("enough", 1));
}

/// Blocks of a series do not overlap, and the file is sound.
fn check_blocks(lab: &Lab) {
    let connection = Connection::open(directory::path(lab.directory.path(), 1)).unwrap();
    let overlaps: i64 = connection
        .query_row(
            "SELECT count(*) FROM chunk a JOIN chunk b ON a.field = b.field AND a.series = b.series
             AND a.first < b.first AND a.last >= b.first",
            (),
            |row| row.get(0),
        )
        .unwrap();
    let check: String = connection
        .query_row("PRAGMA integrity_check", (), |row| row.get(0))
        .unwrap();
    assert_eq!((overlaps, check.as_str()), (0, "ok"));
}

#[test]
fn a_full_disk_refuses_the_body_whole_and_keeps_what_was_stored() {
    let mut lab = Lab::limited(Limits {
        pages: Some(64),
        ..Limits::default()
    });
    let body = |number: usize| {
        let lines = (0..200).map(|index| {
            format!(
                "m{number},a={index} v=\"{number}-{index}-{}\" 1\n",
                "x".repeat(80)
            )
        });
        lines.collect::<String>()
    };
    let stored = (0..100)
        .take_while(|number| lab.try_write(&body(*number)).is_ok())
        .count();
    assert!((1..100).contains(&stored), "{stored}");
    assert!(matches!(lab.try_write(&body(stored)), Err(WriteError::Full)));
    assert_eq!(lab.dump().len(), stored * 200);
    lab.limits.pages = None;
    lab.reopen();
    assert_eq!(lab.dump().len(), stored * 200);
    lab.write(&body(stored));
    assert_eq!(lab.dump().len(), (stored + 1) * 200);
}

#[test]
fn a_file_that_cannot_be_used_is_named_with_the_reason() {
    let spoil = |spoil: &dyn Fn(&Path)| {
        let mut lab = Lab::new();
        lab.write("m v=1 1");
        lab.storage = None;
        let path = directory::path(lab.directory.path(), 1);
        spoil(&path);
        let error = Storage::open(lab.directory.path()).unwrap_err().to_string();
        error.replace(&path.display().to_string(), "FILE")
    };
    let version = |number: i64| {
        spoil(&|path| {
            Connection::open(path)
                .unwrap()
                .pragma_update(None, "user_version", number)
                .unwrap()
        })
    };
    assert_eq!(
        version(2),
        "the database file FILE is of a newer version (2, known up to 1)"
    );
    assert_eq!(
        version(0),
        "the database file FILE is damaged: another program wrote it"
    );
    let text = spoil(&|path| {
        std::fs::write(path, "this is no database, but it is long enough".repeat(200)).unwrap()
    });
    assert_eq!(text, "the database file FILE is damaged: file is not a database");
    let holes = spoil(&|path| {
        let mut bytes = std::fs::read(path).unwrap();
        bytes[4_096..].fill(7);
        std::fs::write(path, bytes).unwrap();
    });
    assert_eq!(
        holes,
        "the database file FILE is damaged: database disk image is malformed"
    );
}

#[test]
fn a_database_whose_making_was_cut_short_is_none() {
    let mut lab = Lab::new();
    let path = directory::path(lab.directory.path(), 9);
    std::fs::write(&path, "").unwrap();
    std::fs::write(lab.directory.path().join("database-8.sqlite-wal"), "x").unwrap();
    lab.reopen();
    assert_eq!(lab.storage().databases(), ["lab"]);
    assert!(!path.exists());
    assert!(!lab.directory.path().join("database-8.sqlite-wal").exists());
}

#[test]
fn bodies_written_at_the_same_time_are_all_stored() {
    let lab = Lab::limited(Limits {
        head_bytes: 20_000,
        ..Limits::default()
    });
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let lab = &lab;
            scope.spawn(move || {
                for number in 0..50 {
                    lab.write(&format!(
                        "m,w={writer} v={number}i {number}\nm,w={writer},n={number} x=1 1"
                    ));
                }
            });
        }
    });
    assert_eq!(lab.dump().len(), 800);
    check_blocks(&lab);
}

/// A point of a model: series, time, field, value.
type Model = std::collections::BTreeMap<(String, String, i64), String>;

fn point() -> impl Strategy<Value = (u8, u8, i64, u16)> {
    (0..3_u8, 0..4_u8, 0..60_i64, any::<u16>())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_writes_and_deletes_leave_what_a_map_would_hold(
        batches in proptest::collection::vec(
            (proptest::collection::vec(point(), 1..40), proptest::option::weighted(0.2, (0..60_i64, 0..20_i64)), any::<bool>()),
            1..8,
        ),
        head_bytes in prop_oneof![Just(1_usize), Just(3_000), Just(1_000_000)],
    ) {
        let mut lab = Lab::limited(Limits { head_bytes, ..Limits::default() });
        let mut model = Model::new();
        for (points, delete, reopen) in batches {
            let mut body = String::new();
            for (series, field, time, value) in points {
                let value = match field {
                    0 => format!("{value}i"),
                    1 => format!("{value}.5"),
                    2 => format!("\"t{}\"", value % 3),
                    _ => (value % 2 == 0).to_string(),
                };
                body += &format!("m,s={series} f{field}={value} {time}\n");
                model.insert((format!("f{field}"), format!("m,s={series}"), time), value);
            }
            lab.write(&body);
            if let Some((from, length)) = delete {
                let range = TimeRange { from, to: from + length };
                let ids: Vec<_> = lab.snapshot().series("m").iter().map(|series| series.id).collect();
                lab.storage().delete("lab", "m", &ids, range).unwrap();
                model.retain(|(_, _, time), _| *time < range.from || *time > range.to);
            }
            if reopen {
                lab.reopen();
            }
            let expected: Vec<_> = model.iter().map(|((field, series, time), value)| format!("{series} {field}={value} {time}")).collect();
            prop_assert_eq!(lab.dump(), expected);
        }
        check_blocks(&lab);
    }
}
