//! How much of a database is read for an answer that needs little of it.

use super::answer_text;
use super::fake::Fake;

/// Two series with a thousand points each, in blocks of ten; `rare` is only at the very start and in the middle.
fn points() -> Fake {
    let mut lines = Vec::new();
    for second in 0..1_000 {
        let rare = if matches!(second, 0 | 500) { ",rare=1i" } else { "" };
        lines.push(format!("m,host=a v={second}i{rare} {second}000000000"));
        lines.push(format!("m,host=b v={}i {second}500000000", second * 2));
    }
    Fake::of(&lines.join("\n")).in_blocks_of(10)
}

#[test]
fn a_query_reads_the_end_of_its_range_that_it_asks_for() {
    let table = [
        ("SELECT v FROM m LIMIT 1", "m{} time,v | 0s,0", 20),
        (
            "SELECT v FROM m LIMIT 2 OFFSET 1",
            "m{} time,v | 0.5s,0 | 1s,1",
            20,
        ),
        (
            "SELECT v FROM m ORDER BY time DESC LIMIT 1",
            "m{} time,v | 999.5s,1998",
            20,
        ),
        (
            "SELECT v FROM m ORDER BY time DESC LIMIT 15 OFFSET 14",
            "m{} time,v | 992.5s,1984 | 992s,992 | 991.5s,1982 | 991s,991 | 990.5s,1980 | 990s,990 | 989.5s,1978 | 989s,989 \
             | 988.5s,1976 | 988s,988 | 987.5s,1974 | 987s,987 | 986.5s,1972 | 986s,986 | 985.5s,1970",
            58,
        ),
        (
            "SELECT v FROM m WHERE time <= 20s GROUP BY host ORDER BY time DESC LIMIT 1",
            "m{host=b} time,v | 19.5s,38\nm{host=a} time,v | 20s,20",
            20,
        ),
        (
            "SELECT v, rare FROM m WHERE v > 20 AND v < 24 AND host = 'a' LIMIT 1",
            "m{} time,v,rare | 21s,21,null",
            // Parts of 10, 10 and 40 rows, and the column again for the condition.
            85,
        ),
        ("SELECT first(v) FROM m", "m{} time,first | 0s,0", 20),
        ("SELECT last(v) FROM m", "m{} time,last | 999.5s,1998", 20),
        (
            "SELECT last(v) FROM m WHERE v < 900",
            "m{} time,last | 899s,899",
            2_000,
        ),
        (
            "SELECT last(v), host FROM m",
            "m{} time,last,host | 999.5s,1998,'b'",
            20,
        ),
        (
            "SELECT first(v), first(rare) FROM m",
            "m{} time,first,first_1 | 0s,0,1",
            21,
        ),
        (
            "SELECT last(rare), v FROM m WHERE host = 'a'",
            "m{} time,last,v | 500s,1,500",
            2,
        ),
        (
            "SELECT max(v), rare FROM m",
            "m{} time,max,rare | 999.5s,1998,null",
            2_000,
        ),
    ];
    for (query, answer, most) in table {
        let points = points();
        assert_eq!(answer_text(&points, query), answer, "{query}");
        let read = points.points_read();
        assert!(read <= most, "{query} reads {read} points");
    }
}

#[test]
fn a_limit_outside_of_a_subquery_cuts_none_of_its_windows() {
    let query = "SELECT mean FROM (SELECT mean(v) FROM m WHERE host = 'a' GROUP BY time(500s)) \
                 WHERE time >= 0s AND time < 1000s LIMIT 1";
    assert_eq!(answer_text(&points(), query), "m{} time,mean | 0s,249.5");
}
