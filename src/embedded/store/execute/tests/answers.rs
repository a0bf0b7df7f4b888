//! What InfluxDB 1.6.7 answered to queries about these points; made by asking it.

use super::answer_text;
use super::fake::Fake;

const POINTS: &str = r#"
m,host=a,dc=x f=-2,i=9i,s="off",b=false 0000000000
m,host=b f=0.25,i=13i,s="idle" 1000000000
m,host=a,dc=x f=0.25,i=11i 10000000000
m,host=b i=20i 11000000000
m,host=a,dc=x i=2i,s="on" 20000000000
m,host=b f=3.125,i=5i,s="off" 21000000000
m,host=a,dc=x f=3.125,i=4i 30000000000
m,host=b f=10,i=9i,b=false 31000000000
m,host=a,dc=x f=10,i=7i,s="idle",b=true 40000000000
m,host=a,dc=x i=13i 50000000000
m,host=a,dc=x f=0.25,i=5i 70000000000
m,host=b i=7i,b=true 71000000000
m,host=a,dc=x i=9i,s="on",b=true 80000000000
m,host=b f=3.125,i=13i,s="off" 81000000000
m,host=a,dc=x f=3.125,i=11i 90000000000
m,host=b f=10,i=20i 91000000000
m,host=a,dc=x f=10,i=2i,s="idle" 100000000000
m,host=b i=5i,s="on" 101000000000
m,host=a,dc=x i=4i 110000000000
m,host=b f=-2,i=9i,b=true 111000000000
n,host=a f=0.5 0000000000
n,host=b f=1.5 25000000000
n,host=a f=2.5 50000000000
n,host=b f=3.5 75000000000
"#;

/// Each query with its answer, which is the same in whatever pieces columns are read.
fn check(table: &[(&str, &str)]) {
    for block in [0, 1, 2, 3] {
        let points = Fake::of(POINTS).in_blocks_of(block);
        for (query, answer) in table {
            assert_eq!(
                answer_text(&points, query),
                *answer,
                "{query} in blocks of {block}"
            );
        }
    }
}

#[test]
fn raw_points_and_wildcards_are_answered_as_influxdb_does() {
    check(RAW_POINTS_AND_WILDCARDS);
}

#[rustfmt::skip]
const RAW_POINTS_AND_WILDCARDS: &[(&str, &str)] = &[
    ("SELECT * FROM m WHERE time >= 0s AND time < 120s",
        "m{} time,b,dc,f,host,i,s | 0s,false,'x',-2,'a',9,'off' | 1s,null,null,0.25,'b',13,'idle' | 10s,null,'x',0.25,'a',11,null | 11s,null,null,null,'b',20,null | 20s,null,'x',null,'a',2,'on' | 21s,null,null,3.125,'b',5,'off' | 30s,null,'x',3.125,'a',4,null | 31s,false,null,10,'b',9,null | 40s,true,'x',10,'a',7,'idle' | 50s,null,'x',null,'a',13,null | 70s,null,'x',0.25,'a',5,null | 71s,true,null,null,'b',7,null | 80s,true,'x',null,'a',9,'on' | 81s,null,null,3.125,'b',13,'off' | 90s,null,'x',3.125,'a',11,null | 91s,null,null,10,'b',20,null | 100s,null,'x',10,'a',2,'idle' | 101s,null,null,null,'b',5,'on' | 110s,null,'x',null,'a',4,null | 111s,true,null,-2,'b',9,null"),
    ("SELECT f, i FROM m WHERE time >= 0s AND time < 120s GROUP BY host",
        "m{host=a} time,f,i | 0s,-2,9 | 10s,0.25,11 | 20s,null,2 | 30s,3.125,4 | 40s,10,7 | 50s,null,13 | 70s,0.25,5 | 80s,null,9 | 90s,3.125,11 | 100s,10,2 | 110s,null,4\n\
         m{host=b} time,f,i | 1s,0.25,13 | 11s,null,20 | 21s,3.125,5 | 31s,10,9 | 71s,null,7 | 81s,3.125,13 | 91s,10,20 | 101s,null,5 | 111s,-2,9"),
    ("SELECT * FROM m WHERE time >= 0s AND time < 120s GROUP BY * LIMIT 2 OFFSET 1",
        "m{dc=,host=b} time,b,f,i,s | 11s,null,null,20,null | 21s,null,3.125,5,'off'\n\
         m{dc=x,host=a} time,b,f,i,s | 10s,null,0.25,11,null | 20s,null,null,2,'on'"),
    ("SELECT i FROM m WHERE time >= 0s AND time < 120s ORDER BY time DESC LIMIT 4",
        "m{} time,i | 111s,9 | 110s,4 | 101s,5 | 100s,2"),
    ("SELECT i FROM m WHERE time >= 0s AND time < 120s GROUP BY host SLIMIT 1 SOFFSET 1",
        "m{host=b} time,i | 1s,13 | 11s,20 | 21s,5 | 31s,9 | 71s,7 | 81s,13 | 91s,20 | 101s,5 | 111s,9"),
    ("SELECT host FROM m WHERE time >= 0s AND time < 120s",
        ""),
    ("SELECT host, f FROM m WHERE time >= 0s AND time < 120s LIMIT 2",
        "m{} time,host,f | 0s,'a',-2 | 1s,'b',0.25"),
    ("SELECT /^[fi]$/ FROM m WHERE time >= 0s AND time < 120s LIMIT 3",
        "m{} time,f,i | 0s,-2,9 | 1s,0.25,13 | 10s,0.25,11"),
    ("SELECT f FROM m, n WHERE time >= 0s AND time < 120s LIMIT 2",
        "m{} time,f | 0s,-2 | 1s,0.25\n\
         n{} time,f | 0s,0.5 | 25s,1.5"),
    ("SELECT f FROM /^[mn]$/ WHERE time >= 0s AND time < 120s ORDER BY time DESC LIMIT 2",
        "n{} time,f | 75s,3.5 | 50s,2.5\n\
         m{} time,f | 111s,-2 | 100s,10"),
    ("SELECT f, nosuch FROM m WHERE time >= 0s AND time < 120s LIMIT 2",
        "m{} time,f,nosuch | 0s,-2,null | 1s,0.25,null"),
    ("SELECT time AS t, i AS x, i FROM m WHERE time >= 0s AND time < 120s LIMIT 1",
        "m{} t,x,i | 0s,9,9"),
    ("SELECT f, i FROM m WHERE time >= 0s AND time < 120s fill(previous)",
        "m{} time,f,i | 0s,-2,9 | 1s,0.25,13 | 10s,0.25,11 | 11s,0.25,20 | 20s,0.25,2 | 21s,3.125,5 | 30s,3.125,4 | 31s,10,9 | 40s,10,7 | 50s,10,13 | 70s,0.25,5 | 71s,0.25,7 | 80s,0.25,9 | 81s,3.125,13 | 90s,3.125,11 | 91s,10,20 | 100s,10,2 | 101s,10,5 | 110s,10,4 | 111s,-2,9"),
    ("SELECT i::float, f::integer, host::tag FROM m WHERE time >= 0s AND time < 120s LIMIT 3",
        "m{} time,i,f,host | 0s,9,-2,'a' | 1s,13,0,'b' | 10s,11,0,'a'"),
];

#[test]
fn arithmetic_is_answered_as_influxdb_does() {
    check(ARITHMETIC);
}

#[rustfmt::skip]
const ARITHMETIC: &[(&str, &str)] = &[
    ("SELECT f + i, f / i, i / 2, i % 4, -i FROM m WHERE time >= 0s AND time < 120s LIMIT 3",
        "m{} time,f_i,f_i_1,i,i_1,i_2 | 0s,7,-0.222222222,4.5,1,-9 | 1s,13.25,0.019230769,6.5,1,-13 | 10s,11.25,0.022727273,5.5,3,-11"),
    ("SELECT i / 0, f / 0, i % 0 FROM m WHERE time >= 0s AND time < 120s LIMIT 2",
        "m{} time,i,f,i_1 | 0s,0,0,0 | 1s,0,0,0"),
    ("SELECT i & 6, i | 1, i ^ 3 FROM m WHERE time >= 0s AND time < 120s LIMIT 3",
        "m{} time,i,i_1,i_2 | 0s,0,9,10 | 1s,4,13,14 | 10s,2,11,8"),
    ("SELECT 2 * (i + 1) AS a, i FROM m WHERE time >= 0s AND time < 120s LIMIT 2",
        "m{} time,a,i | 0s,20,9 | 1s,28,13"),
    ("SELECT mean(f) + mean(i), max(i) - min(i) FROM m WHERE time >= 0s AND time < 120s GROUP BY time(1m)",
        "m{} time,mean_mean,max_min | 0s,12.835714286,18 | 60s,12.583333333,18"),
    ("SELECT abs(f), round(f), pow(i, 2) FROM m WHERE time >= 0s AND time < 120s LIMIT 3",
        "m{} time,abs,round,pow | 0s,2,-2,81 | 1s,0.25,0,169 | 10s,0.25,0,121"),
    ("SELECT f + host FROM m",
        "error: type error: f::float + host::tag: incompatible types: float and tag"),
    ("SELECT f & 1 FROM m",
        "error: type error: f::float & 1: incompatible types: float and integer"),
];

#[test]
fn conditions_are_answered_as_influxdb_does() {
    check(CONDITIONS);
}

#[rustfmt::skip]
const CONDITIONS: &[(&str, &str)] = &[
    ("SELECT i FROM m WHERE time >= 0s AND time < 120s AND f > 2",
        "m{} time,i | 21s,5 | 30s,4 | 31s,9 | 40s,7 | 81s,13 | 90s,11 | 91s,20 | 100s,2"),
    ("SELECT i FROM m WHERE time >= 0s AND time < 120s AND (f > 2 OR i = 4)",
        "m{} time,i | 21s,5 | 30s,4 | 31s,9 | 40s,7 | 81s,13 | 90s,11 | 91s,20 | 100s,2 | 110s,4"),
    ("SELECT i FROM m WHERE time >= 0s AND time < 120s AND f >= i",
        "m{} time,i | 31s,9 | 40s,7 | 100s,2"),
    ("SELECT i FROM m WHERE time >= 0s AND time < 120s AND s = 'on'",
        "m{} time,i | 20s,2 | 80s,9 | 101s,5"),
    ("SELECT i FROM m WHERE time >= 0s AND time < 120s AND s =~ /^o/ AND host = 'a'",
        "m{} time,i | 0s,9 | 20s,2 | 80s,9"),
    ("SELECT i FROM m WHERE time >= 0s AND time < 120s AND b != true",
        "m{} time,i | 0s,9 | 31s,9"),
    ("SELECT i FROM m WHERE time >= 0s AND time < 120s AND dc = ''",
        "m{} time,i | 1s,13 | 11s,20 | 21s,5 | 31s,9 | 71s,7 | 81s,13 | 91s,20 | 101s,5 | 111s,9"),
    ("SELECT i FROM m WHERE time >= 0s AND time < 120s AND dc !~ /./ AND i > 9",
        "m{} time,i | 1s,13 | 11s,20 | 81s,13 | 91s,20"),
    ("SELECT i FROM m WHERE time >= 0s AND time < 120s AND nosuch = 'x'",
        ""),
    ("SELECT i FROM m WHERE time >= 0s AND time < 120s AND nosuch != 'x' LIMIT 1",
        "m{} time,i | 0s,9"),
    ("SELECT i FROM m WHERE time >= 0s AND time < 120s AND i / 2 = 2",
        "m{} time,i | 21s,5 | 30s,4 | 70s,5 | 101s,5 | 110s,4"),
    ("SELECT i FROM m WHERE time > '1970-01-01T00:01:30Z'",
        "m{} time,i | 91s,20 | 100s,2 | 101s,5 | 110s,4 | 111s,9"),
    ("SELECT i FROM m WHERE time > '1970-01-01 00:01:35.5' AND host = 'a'",
        "m{} time,i | 100s,2 | 110s,4"),
    ("SELECT i FROM m WHERE time = 20s OR host = 'a'",
        "m{} time,i | 20s,2"),
    ("SELECT i FROM m WHERE time > 90000000000 + 10s",
        "m{} time,i | 101s,5 | 110s,4 | 111s,9"),
    ("SELECT i FROM m WHERE time > 'soon'",
        "error: invalid operation: time and *influxql.StringLiteral are not compatible"),
    ("SELECT i FROM m WHERE time != 5",
        "error: invalid time comparison operator: !="),
    ("SELECT i FROM m WHERE host",
        "error: invalid condition expression: host"),
    ("SELECT i FROM m WHERE mean(i) > 5",
        "error: invalid function call in condition: mean(i)"),
];

#[test]
fn functions_are_answered_as_influxdb_does() {
    check(FUNCTIONS);
}

#[rustfmt::skip]
const FUNCTIONS: &[(&str, &str)] = &[
    ("SELECT count(f), sum(f), mean(f), median(f), spread(f), stddev(f) FROM m WHERE time >= 0s AND time < 120s",
        "m{} time,count,sum,mean,median,spread,stddev | 0s,13,49.25,3.788461538,3.125,12,4.660724812"),
    ("SELECT count(i), sum(i), mean(i), median(i), spread(i), mode(i) FROM m WHERE time >= 0s AND time < 120s GROUP BY host",
        "m{host=a} time,count,sum,mean,median,spread,mode | 0s,11,77,7,7,11,11\n\
         m{host=b} time,count,sum,mean,median,spread,mode | 0s,9,101,11.222222222,9,15,20"),
    ("SELECT min(f), max(f), first(f), last(f), percentile(f, 50) FROM m WHERE time >= 0s AND time < 120s GROUP BY time(40s)",
        "m{} time,min,max,first,last,percentile | 0s,-2,10,-2,10,0.25 | 40s,0.25,10,10,0.25,0.25 | 80s,-2,10,3.125,-2,3.125"),
    ("SELECT max(i) FROM m WHERE time >= 0s AND time < 120s",
        "m{} time,max | 11s,20"),
    ("SELECT max(i), f, host FROM m WHERE time >= 0s AND time < 120s",
        "m{} time,max,f,host | 11s,20,null,'b'"),
    ("SELECT last(s), i FROM m WHERE time >= 0s AND time < 120s GROUP BY time(40s)",
        "m{} time,last,i | 0s,'off',5 | 40s,'idle',7 | 80s,'on',5"),
    ("SELECT percentile(i, 30), host FROM m WHERE time < 40s AND host = 'a'",
        "m{} time,percentile,host | 20s,2,'a'"),
    ("SELECT top(i, 3), host FROM m WHERE time >= 0s AND time < 120s",
        "m{} time,top,host | 1s,13,'b' | 11s,20,'b' | 91s,20,'b'"),
    ("SELECT bottom(i, host, 2) FROM m WHERE time >= 0s AND time < 120s",
        "m{} time,bottom,host | 20s,2,'a' | 21s,5,'b'"),
    ("SELECT distinct(s) FROM m WHERE time >= 0s AND time < 120s",
        "m{} time,distinct | 0s,'off' | 0s,'idle' | 0s,'on'"),
    ("SELECT count(distinct(s)) FROM m WHERE time >= 0s AND time < 120s GROUP BY time(40s)",
        "m{} time,count | 0s,3 | 40s,1 | 80s,3"),
    ("SELECT integral(f) FROM m WHERE time >= 0s AND time < 120s AND host = 'a'",
        "m{} time,integral | 0s,343.75"),
    ("SELECT mean(*) FROM m WHERE time >= 0s AND time < 120s",
        "m{} time,mean_f,mean_i | 0s,3.788461538,8.9"),
    ("SELECT count(*) FROM m WHERE time >= 0s AND time < 120s GROUP BY time(1m)",
        "m{} time,count_b,count_f,count_i,count_s | 0s,3,7,10,5 | 60s,3,6,10,4"),
    ("SELECT mean(f) FROM m",
        "m{} time,mean | 0s,3.788461538"),
    ("SELECT sum(f) FROM m, n WHERE time >= 0s AND time < 120s",
        "m{} time,sum | 0s,49.25\n\
         n{} time,sum | 0s,8"),
    ("SELECT count(host) FROM m",
        ""),
    ("SELECT mean(s) FROM m",
        "error: unsupported mean iterator type: *query.stringInterruptIterator"),
    ("SELECT mean(nosuch) FROM m",
        ""),
];

#[test]
fn windows_and_fill_are_answered_as_influxdb_does() {
    check(WINDOWS_AND_FILL);
}

#[rustfmt::skip]
const WINDOWS_AND_FILL: &[(&str, &str)] = &[
    ("SELECT mean(f) FROM m WHERE time >= 0s AND time < 120s GROUP BY time(20s)",
        "m{} time,mean | 0s,-0.5 | 20s,5.416666667 | 40s,10 | 60s,0.25 | 80s,5.416666667 | 100s,4"),
    ("SELECT count(f) FROM m WHERE time >= 0s AND time < 120s GROUP BY time(20s)",
        "m{} time,count | 0s,3 | 20s,3 | 40s,1 | 60s,1 | 80s,3 | 100s,2"),
    ("SELECT mean(f) FROM m WHERE time >= 0s AND time < 120s GROUP BY time(20s) fill(none)",
        "m{} time,mean | 0s,-0.5 | 20s,5.416666667 | 40s,10 | 60s,0.25 | 80s,5.416666667 | 100s,4"),
    ("SELECT mean(f), sum(i) FROM m WHERE time >= 0s AND time < 120s GROUP BY time(10s), host fill(0)",
        "m{host=a} time,mean,sum | 0s,-2,9 | 10s,0.25,11 | 20s,0,2 | 30s,3.125,4 | 40s,10,7 | 50s,0,13 | 60s,0,0 | 70s,0.25,5 | 80s,0,9 | 90s,3.125,11 | 100s,10,2 | 110s,0,4\n\
         m{host=b} time,mean,sum | 0s,0.25,13 | 10s,0,20 | 20s,3.125,5 | 30s,10,9 | 40s,0,0 | 50s,0,0 | 60s,0,0 | 70s,0,7 | 80s,3.125,13 | 90s,10,20 | 100s,0,5 | 110s,-2,9"),
    ("SELECT mean(f) FROM m WHERE time >= 0s AND time < 120s GROUP BY time(10s) fill(previous)",
        "m{} time,mean | 0s,-0.875 | 10s,0.25 | 20s,3.125 | 30s,6.5625 | 40s,10 | 50s,10 | 60s,10 | 70s,0.25 | 80s,3.125 | 90s,6.5625 | 100s,10 | 110s,-2"),
    ("SELECT mean(f), max(i) FROM m WHERE time >= 0s AND time < 120s GROUP BY time(10s) fill(linear)",
        "m{} time,mean,max | 0s,-0.875,13 | 10s,0.25,20 | 20s,3.125,5 | 30s,6.5625,9 | 40s,10,7 | 50s,6.75,13 | 60s,3.5,10 | 70s,0.25,7 | 80s,3.125,13 | 90s,6.5625,20 | 100s,10,5 | 110s,-2,9"),
    ("SELECT first(s) FROM m WHERE time >= 0s AND time < 120s GROUP BY time(20s) fill(previous)",
        "m{} time,first | 0s,'off' | 20s,'on' | 40s,'idle' | 60s,'idle' | 80s,'on' | 100s,'idle'"),
    ("SELECT mean(f) FROM m WHERE time >= 15s AND time < 75s GROUP BY time(20s, 5s)",
        "m{} time,mean | 5s,3.125 | 25s,7.708333333 | 45s,null | 65s,0.25"),
    ("SELECT mean(f) FROM m WHERE time >= 0s AND time < 120s GROUP BY time(40s) ORDER BY time DESC",
        "m{} time,mean | 80s,4.85 | 40s,5.125 | 0s,2.458333333"),
    ("SELECT mean(f) FROM m WHERE time >= 0s AND time < 120s GROUP BY time(20s) LIMIT 2 OFFSET 1",
        "m{} time,mean | 20s,5.416666667 | 40s,10"),
    ("SELECT count(i) FROM m WHERE time >= -30s AND time < 30s GROUP BY time(20s, -5s)",
        "m{} time,count | -45s,0 | -25s,0 | -5s,4 | 15s,2"),
    ("SELECT count(i) FROM m WHERE time >= -1d AND time < 1d GROUP BY time(1d) tz('Europe/Vienna')",
        "m{} time,count | -90000s,0 | -3600s,20 | 82800s,0"),
];

#[test]
fn transformations_are_answered_as_influxdb_does() {
    check(TRANSFORMATIONS);
}

#[rustfmt::skip]
const TRANSFORMATIONS: &[(&str, &str)] = &[
    ("SELECT difference(i) FROM m WHERE time >= 0s AND time < 120s GROUP BY host",
        "m{host=a} time,difference | 10s,2 | 20s,-9 | 30s,2 | 40s,3 | 50s,6 | 70s,-8 | 80s,4 | 90s,2 | 100s,-9 | 110s,2\n\
         m{host=b} time,difference | 11s,7 | 21s,-15 | 31s,4 | 71s,-2 | 81s,6 | 91s,7 | 101s,-15 | 111s,4"),
    ("SELECT non_negative_difference(i) FROM m WHERE time >= 0s AND time < 120s GROUP BY host",
        "m{host=a} time,non_negative_difference | 10s,2 | 30s,2 | 40s,3 | 50s,6 | 80s,4 | 90s,2 | 110s,2\n\
         m{host=b} time,non_negative_difference | 11s,7 | 31s,4 | 81s,6 | 91s,7 | 111s,4"),
    ("SELECT derivative(i) FROM m WHERE time >= 0s AND time < 120s AND host = 'a'",
        "m{} time,derivative | 10s,0.2 | 20s,-0.9 | 30s,0.2 | 40s,0.3 | 50s,0.6 | 70s,-0.4 | 80s,0.4 | 90s,0.2 | 100s,-0.9 | 110s,0.2"),
    ("SELECT non_negative_derivative(f, 10s) FROM m WHERE time >= 0s AND time < 120s GROUP BY host",
        "m{host=a} time,non_negative_derivative | 10s,2.25 | 30s,1.4375 | 40s,6.875 | 90s,1.4375 | 100s,6.875\n\
         m{host=b} time,non_negative_derivative | 21s,1.4375 | 31s,6.875 | 91s,6.875"),
    ("SELECT cumulative_sum(i) FROM m WHERE time >= 0s AND time < 120s AND host = 'b'",
        "m{} time,cumulative_sum | 1s,13 | 11s,33 | 21s,38 | 31s,47 | 71s,54 | 81s,67 | 91s,87 | 101s,92 | 111s,101"),
    ("SELECT moving_average(i, 3) FROM m WHERE time >= 0s AND time < 120s AND host = 'b'",
        "m{} time,moving_average | 21s,12.666666667 | 31s,11.333333333 | 71s,7 | 81s,9.666666667 | 91s,13.333333333 | 101s,12.666666667 | 111s,11.333333333"),
    ("SELECT elapsed(i, 1s) FROM m WHERE time >= 0s AND time < 120s AND host = 'b'",
        "m{} time,elapsed | 11s,10 | 21s,10 | 31s,10 | 71s,40 | 81s,10 | 91s,10 | 101s,10 | 111s,10"),
    ("SELECT derivative(i) FROM m WHERE time >= 0s AND time < 120s AND host = 'a' ORDER BY time DESC LIMIT 3",
        "m{} time,derivative | 100s,-0.2 | 90s,0.9 | 80s,-0.2"),
    ("SELECT difference(mean(i)) FROM m WHERE time >= 40s AND time < 120s GROUP BY time(20s)",
        "m{} time,difference | 40s,5 | 60s,-4 | 80s,7.25 | 100s,-8.25"),
    ("SELECT derivative(mean(i), 1s) FROM m WHERE time >= 45s AND time < 120s GROUP BY time(20s) fill(0)",
        "m{} time,derivative | 40s,0.175 | 60s,-0.2 | 80s,0.3625 | 100s,-0.4125"),
    ("SELECT moving_average(sum(i), 2) FROM m WHERE time >= 40s AND time < 120s GROUP BY time(20s), host",
        "m{host=a} time,moving_average | 40s,13 | 60s,12.5 | 80s,12.5 | 100s,13\n\
         m{host=b} time,moving_average | 60s,10.5 | 80s,20 | 100s,23.5"),
    ("SELECT cumulative_sum(count(i)) FROM m WHERE time >= 0s AND time < 120s GROUP BY time(40s)",
        "m{} time,cumulative_sum | 0s,8 | 40s,12 | 80s,20"),
    ("SELECT difference(i), mean(i) FROM m WHERE time >= 0s AND time < 120s GROUP BY host",
        "m{host=a} time,difference,mean | 0s,null,7 | 10s,2,null | 20s,-9,null | 30s,2,null | 40s,3,null | 50s,6,null | 70s,-8,null | 80s,4,null | 90s,2,null | 100s,-9,null | 110s,2,null\n\
         m{host=b} time,difference,mean | 0s,null,11.222222222 | 11s,7,null | 21s,-15,null | 31s,4,null | 71s,-2,null | 81s,6,null | 91s,7,null | 101s,-15,null | 111s,4,null"),
];

#[test]
fn subqueries_are_answered_as_influxdb_does() {
    check(SUBQUERIES);
}

#[rustfmt::skip]
const SUBQUERIES: &[(&str, &str)] = &[
    ("SELECT sum(x) FROM (SELECT mean(f) AS x FROM m WHERE time >= 0s AND time < 120s GROUP BY time(20s), host) WHERE time >= 0s AND time < 120s GROUP BY time(40s) fill(none)",
        "m{} time,sum | 0s,9.0625 | 40s,10.25 | 80s,17.6875"),
    ("SELECT sum(d) FROM (SELECT non_negative_difference(i) AS d FROM m WHERE time >= 0s AND time < 120s GROUP BY host) WHERE time >= 0s AND time < 120s GROUP BY time(40s)",
        "m{} time,sum | 0s,15 | 40s,9 | 80s,25"),
    ("SELECT sum(d) / count(d) FROM (SELECT non_negative_difference(i) AS d FROM m WHERE time >= 0s AND time < 120s GROUP BY host) WHERE time >= 0s AND time < 120s GROUP BY time(40s), host",
        "m{host=a} time,sum_count | 0s,2 | 40s,4.5 | 80s,2.666666667\n\
         m{host=b} time,sum_count | 0s,5.5 | 40s,null | 80s,5.666666667"),
    ("SELECT mean(d) FROM (SELECT derivative(i) AS d FROM m WHERE time >= 0s AND time < 120s GROUP BY host) WHERE time >= 0s AND time < 120s GROUP BY time(40s)",
        "m{} time,mean | 0s,-6 | 40s,4.5 | 80s,0.5"),
    ("SELECT max(r) FROM (SELECT sum(x) AS r FROM (SELECT last(i) AS x FROM m WHERE time >= 0s AND time < 120s GROUP BY time(20s), host) WHERE time >= 0s AND time < 120s GROUP BY time(20s)) WHERE time >= 0s AND time < 120s GROUP BY time(1m)",
        "m{} time,max | 0s,31 | 60s,31"),
    ("SELECT x FROM (SELECT i AS x, f AS y FROM m WHERE time >= 0s AND time < 120s) WHERE y > 2",
        "m{} time,x | 21s,5 | 30s,4 | 31s,9 | 40s,7 | 81s,13 | 90s,11 | 91s,20 | 100s,2"),
    ("SELECT x, host FROM (SELECT i AS x FROM m WHERE time >= 0s AND time < 120s GROUP BY host) WHERE host = 'b' LIMIT 2",
        "m{} time,x,host | 1s,13,'b' | 11s,20,'b'"),
    ("SELECT * FROM (SELECT mean(f), max(i) FROM m WHERE time >= 0s AND time < 120s GROUP BY time(1m), host)",
        "m{} time,host,max,mean | 0s,'a',13,2.84375 | 0s,'b',20,4.458333333 | 60s,'a',11,4.458333333 | 60s,'b',20,3.708333333"),
    ("SELECT c FROM (SELECT max(i) AS c FROM m WHERE time >= 0s AND time < 120s GROUP BY host)",
        "m{} time,c | 50s,13 | 11s,20"),
    ("SELECT count(a) / count(b) FROM (SELECT i AS a FROM m WHERE time >= 0s AND time < 120s AND i > 8), (SELECT i AS b FROM m WHERE time >= 0s AND time < 120s AND host = 'a') WHERE time >= 0s AND time < 120s GROUP BY time(40s) fill(none)",
        "m{} time,count_count | 0s,1.25 | 40s,0.333333333 | 80s,1.25"),
    ("SELECT mean(r) FROM (SELECT i / 2 AS r FROM m WHERE time >= 0s AND time < 120s)",
        "m{} time,mean | 0s,4.1"),
    ("SELECT difference(mean(x)) FROM (SELECT i AS x FROM m GROUP BY host) WHERE time >= 40s AND time < 120s GROUP BY time(20s)",
        "m{} time,difference | 40s,5 | 60s,-4 | 80s,7.25 | 100s,-8.25"),
    ("SELECT mean(i) FROM (SELECT i FROM m WHERE time >= 0s AND time < 120s) GROUP BY host",
        "m{host=a} time,mean | 0s,7\n\
         m{host=b} time,mean | 0s,11.222222222"),
    ("SELECT nosuch FROM (SELECT i FROM m)",
        ""),
    ("SELECT i FROM (SELECT i FROM m WHERE time >= 0s AND time < 120s) ORDER BY time DESC LIMIT 2",
        "m{} time,i | 111s,9 | 110s,4"),
];

#[test]
fn refused_statements_are_answered_as_influxdb_does() {
    check(REFUSED_STATEMENTS);
}

#[rustfmt::skip]
const REFUSED_STATEMENTS: &[(&str, &str)] = &[
    ("SELECT mean(f), i FROM m",
        "error: mixing aggregate and non-aggregate queries is not supported"),
    ("SELECT max(f), min(f), i FROM m",
        "error: mixing multiple selector functions with tags or fields is not supported"),
    ("SELECT i FROM m GROUP BY time(1m)",
        "error: GROUP BY requires at least one aggregate function"),
    ("SELECT foo(i) FROM m",
        "error: undefined function foo()"),
    ("SELECT mean(i, f) FROM m",
        "error: invalid number of arguments for mean, expected 1, got 2"),
    ("SELECT mean(mean(i)) FROM m",
        "error: expected field argument in mean()"),
    ("SELECT derivative(mean(i)) FROM m",
        "error: derivative aggregate requires a GROUP BY interval"),
    ("SELECT derivative(i) FROM m GROUP BY time(1m)",
        "error: aggregate function required inside the call to derivative"),
    ("SELECT derivative(i, 0s) FROM m",
        "error: duration argument must be positive, got 0s"),
    ("SELECT moving_average(i, 1) FROM m",
        "error: moving_average window must be greater than 1, got 1"),
    ("SELECT percentile(i, 's') FROM m",
        "error: expected float argument in percentile()"),
    ("SELECT top(i, 2), max(i) FROM m",
        "error: selector function top() cannot be combined with other functions"),
    ("SELECT top(i, 9) FROM m LIMIT 3",
        "error: limit (9) in top function can not be larger than the LIMIT (3) in the select statement"),
    ("SELECT top(i, host) FROM m",
        "error: expected integer as last argument in top(), found host"),
    ("SELECT distinct(i), mean(f) FROM m",
        "error: aggregate function distinct() cannot be combined with other functions or fields"),
    ("SELECT i FROM m fill(none)",
        "error: fill(none) must be used with a function"),
    ("SELECT time FROM m",
        "error: at least 1 non-time field must be queried"),
    ("SELECT 5 FROM m",
        "error: field must contain at least one variable"),
    ("SELECT mean(*) + 1 FROM m",
        "error: unsupported expression with wildcard: mean()"),
    ("SELECT mean(*::tag) FROM m",
        "error: unable to use tag wildcard in mean()"),
];
