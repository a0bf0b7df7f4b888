//! What `uwsgi-lab load` sends: mixes of URLs, values that differ from request to request, and the same for the same seed.
#![expect(clippy::unwrap_used, reason = "a test helper may panic")]

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use super::load::{HELLO, run, serve};

/// Of each request its first line and its body.
pub(crate) type Seen = Arc<Mutex<Vec<(String, String)>>>;

pub(crate) fn recording() -> (SocketAddr, Seen) {
    let seen = Seen::default();
    let kept = Arc::clone(&seen);
    let address = serve(move |stream| {
        let mut writer = stream.try_clone().unwrap();
        let mut reader = BufReader::new(stream);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            let mut length = 0;
            loop {
                let mut header = String::new();
                reader.read_line(&mut header).unwrap();
                if let Some(value) = header.strip_prefix("Content-Length: ") {
                    length = value.trim().parse().unwrap();
                }
                if header == "\r\n" {
                    break;
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let request = (line.trim_end().to_owned(), String::from_utf8(body).unwrap());
            kept.lock().unwrap().push(request);
            if writer.write_all(HELLO).is_err() {
                return;
            }
        }
    });
    (address, seen)
}

/// All requests of one run, sorted: two threads send them in no order.
fn sent(arguments: &[&str], paths: &[&str]) -> Vec<(String, String)> {
    let (address, seen) = recording();
    let urls: Vec<String> = paths
        .iter()
        .map(|path| format!("http://{address}{path}"))
        .collect();
    let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
    let output = run(&[&urls[..], &["-R", "400", "-n", "200"], arguments].concat());
    assert!(output.status.success(), "{output:?}");
    let mut seen = seen.lock().unwrap().clone();
    seen.sort();
    seen
}

#[test]
fn each_request_is_numbered_once_and_carries_values_of_its_own() {
    let body = r#"{"n": {{counter}}, "who": "{{pick ada|grace}}", "nested": {"a": {"b": 1}}}"#;
    let requests = sent(&["--body", body, "-t", "2"], &["/items/{{counter}}?id={{hex}}"]);
    let mut numbers = Vec::new();
    let mut who = BTreeMap::new();
    for (line, body) in &requests {
        let number = line
            .strip_prefix("POST /items/")
            .unwrap()
            .split('?')
            .next()
            .unwrap();
        assert!(
            body.starts_with(&format!("{{\"n\": {number}, \"who\": \"")),
            "{line} {body}"
        );
        assert!(body.ends_with("\"nested\": {\"a\": {\"b\": 1}}}"), "{body}");
        numbers.push(number.parse::<u64>().unwrap());
        *who.entry(body.contains("ada")).or_insert(0) += 1;
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (0..200).collect::<Vec<_>>());
    assert!(who.values().all(|count| *count > 60), "{who:?}");
}

#[test]
fn a_mix_is_the_same_for_the_same_seed_however_many_threads_send_it() {
    let paths = ["/a/{{random 1..1000000}}", "/b"];
    let mix = |more: &[&str]| sent(&[&["--weights", "3,1", "--seed", "11"], more].concat(), &paths);
    let (one, two) = (mix(&["-t", "1"]), mix(&["-t", "2"]));
    assert_eq!(one, two);
    let of_b = one.iter().filter(|(line, _)| line == "GET /b HTTP/1.1").count();
    assert!((30..=70).contains(&of_b), "{of_b}");
    assert_ne!(one, sent(&["--weights", "3,1", "--seed", "12"], &paths));
}

#[test]
fn a_mix_may_go_to_several_servers_within_one_limit_of_connections() {
    let (first, seen_by_first) = recording();
    let (second, seen_by_second) = recording();
    let urls = [first, second].map(|address| format!("http://{address}/"));
    let output = run(&[&urls[0], &urls[1], "-R", "200", "-n", "100", "-c", "1"]);
    assert!(output.status.success(), "{output:?}");
    let counts = [seen_by_first, seen_by_second].map(|seen| seen.lock().unwrap().len());
    assert_eq!(counts[0] + counts[1], 100);
    assert!(counts.iter().all(|count| *count > 20), "{counts:?}");
}

/// Gives each visitor without a cookie one, closes after each response, and counts the requests with one.
fn cookie_setting() -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&seen);
    let address = serve(move |stream| {
        let mut writer = stream.try_clone().unwrap();
        let lines = BufReader::new(stream).lines().map_while(Result::ok);
        let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
        let cookie = head
            .iter()
            .find_map(|line| line.strip_prefix("Cookie: "))
            .unwrap_or_default();
        kept.lock().unwrap().push(cookie.to_owned());
        let set = "HTTP/1.1 200 OK\r\nSet-Cookie: visitor=7; Path=/; HttpOnly\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
        // The client may have what it wants.
        writer.write_all(set.as_bytes()).ok();
    });
    (address, seen)
}

#[test]
fn cookies_go_with_later_requests_of_the_same_visitor_where_that_is_asked_for() {
    for (more, expected) in [(&["--cookies"][..], "visitor=7"), (&[], "")] {
        let (address, seen) = cookie_setting();
        let url = format!("http://{address}/");
        let output = run(&[&[&url[..], "-R", "100", "-n", "20", "-c", "1"], more].concat());
        assert!(output.status.success(), "{output:?}");
        let seen = seen.lock().unwrap().clone();
        assert_eq!(seen[0], "");
        assert_eq!(seen[1..], vec![expected.to_owned(); 19], "{more:?}");
    }
}
