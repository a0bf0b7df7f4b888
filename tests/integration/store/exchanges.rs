//! HTTP as both servers speak it: status, headers and body of what is asked rightly and wrongly.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::header::HeaderMap;
use reqwest::{Method, Response};

use super::servers::{LOGIN, PASSWORD, Server};

/// One request. `headers` are `Name: value`, one a line.
struct Exchange {
    method: &'static str,
    path: &'static str,
    headers: &'static str,
    body: Vec<u8>,
}

/// What must be the same of an answer.
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
}

const COMPARED: [&str; 4] = [
    "content-type",
    "x-influxdb-error",
    "www-authenticate",
    "content-encoding",
];

fn get(path: &'static str) -> Exchange {
    with("GET", path, "", b"")
}

fn post(path: &'static str, body: &[u8]) -> Exchange {
    with("POST", path, "", body)
}

fn form(path: &'static str, body: &[u8]) -> Exchange {
    with(
        "POST",
        path,
        "Content-Type: application/x-www-form-urlencoded",
        body,
    )
}

fn with(method: &'static str, path: &'static str, headers: &'static str, body: &[u8]) -> Exchange {
    Exchange {
        method,
        path,
        headers,
        body: body.to_vec(),
    }
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

async fn answer(server: &Server, exchange: &Exchange) -> Answer {
    let method = Method::from_bytes(exchange.method.as_bytes()).unwrap();
    let mut request = server
        .http
        .request(method, format!("{}{}", server.url, exchange.path));
    for line in exchange.headers.lines() {
        let (name, value) = line.split_once(": ").unwrap();
        request = request.header(name, value);
    }
    let response = request.body(exchange.body.clone()).send().await.unwrap();
    whole(response).await
}

async fn whole(response: Response) -> Answer {
    let value = |headers: &HeaderMap, name| {
        headers
            .get(name)
            .map(|value| value.as_bytes().escape_ascii().to_string())
    };
    let headers = COMPARED
        .into_iter()
        .filter_map(|name| Some((name, value(response.headers(), name)?)))
        .collect();
    let status = response.status().as_u16();
    let body = response.bytes().await.unwrap();
    Answer {
        status,
        headers,
        body: body
            .escape_ascii()
            .to_string()
            .replace("\\n", "\n")
            .replace("\\\"", "\""),
    }
}

/// Asks both servers the same, one after the other, and compares.
async fn check(auth: bool, exchanges: Vec<Exchange>) {
    let directory = tempfile::tempdir().unwrap();
    let Some(influxdb) = Server::influxdb(directory.path(), auth).await else {
        return;
    };
    let place = directory.path().join("store");
    let store = if auth {
        Server::store_with_login(&place)
    } else {
        Server::store(&place)
    };
    let user = format!("CREATE USER {LOGIN} WITH PASSWORD '{PASSWORD}' WITH ALL PRIVILEGES");
    if auth {
        assert_eq!(influxdb.ask(&[("q", &user)]).await.0, 200);
    }
    for server in [&influxdb, &store] {
        let create = server
            .post("/query?q=CREATE+DATABASE+db")
            .basic_auth(LOGIN, Some(PASSWORD));
        assert_eq!(create.send().await.unwrap().status(), 200);
    }
    let mut offences = Vec::new();
    for exchange in exchanges {
        let (expected, own) = (
            answer(&influxdb, &exchange).await,
            answer(&store, &exchange).await,
        );
        if expected != own {
            let (method, path, headers) = (exchange.method, exchange.path, exchange.headers);
            offences.push(format!(
                "{method} {path} {headers}\n    {expected:?}\n    {own:?}"
            ));
        }
    }
    assert!(
        offences.is_empty(),
        "{} differ:\n{}",
        offences.len(),
        offences.join("\n")
    );
}

#[tokio::test]
async fn writes_are_answered_in_the_same_way() {
    let packed = "Content-Encoding: gzip";
    let line = b"m x=1 1";
    let cut = gzip(line)[..15].to_vec();
    let twice = [gzip(b"m x=1 1\n"), gzip(b"m x=2 2\n")].concat();
    check(
        false,
        vec![
            post("/write?db=db", line),
            post("/write?db=db", b""),
            post("/write", line),
            post("/write?db=", line),
            post("/write?db=nope", line),
            post("/write?db=nope", b"bad"),
            post("/write?db=db&rp=nope", line),
            post("/write?db=db&rp=autogen", line),
            post("/write?db=db&rp=", line),
            post("/write?db=db&consistency=all", line),
            post("/write?db=db&consistency=bogus", line),
            post("/write?db=db&precision=bogus", line),
            post("/write?db=db", b"m x=1 6\nbad\nm x=2 7\n"),
            post("/write?db=db", b"bad"),
            post("/write?db=db", b"bad1\nbad2\n"),
            post("/write?db=db", b"m x=\"s\" 8"),
            post("/write?db=db", b"n x=1 6\nn x=\"a\" 7\nn x=2 8\n"),
            post("/write?db=db", b"m x=1 nope"),
            post("/write?db=db", b"m x=NaN"),
            post("/write?db=db", b"m x=5u"),
            post("/write?db=db", b"m,t= x=1"),
            post("/write?db=db", b"m,time=1 x=1"),
            post("/write?db=db", b"m x=1 99999999999999999999"),
            post("/write?db=db&precision=h", b"m x=1 9999999999999"),
            post("/write?db=db", b"m,t=a\\ x=1 1"),
            post("/write?db=db", b"m x=9223372036854775808i 1"),
            with("POST", "/write?db=db", packed, &gzip(line)),
            with("POST", "/write?db=db", packed, &twice),
            with("POST", "/write?db=db", packed, &cut),
            with("POST", "/write?db=db", packed, line),
            with("POST", "/write?db=db", packed, b""),
            with("POST", "/write?db=db", "Content-Encoding: deflate", line),
            get("/query?db=db&epoch=ns&q=SELECT+*+FROM+m"),
            get("/query?db=db&epoch=ns&q=SELECT+*+FROM+n"),
            get("/write?db=db"),
            with("PUT", "/write?db=db", "", line),
            post("/write?db=db", &b"m x=1 11\n".repeat(2_777_778)),
            post("/write?db=db", &b"m x=1 11\n".repeat(2_777_777)),
        ],
    )
    .await;
}

#[tokio::test]
async fn queries_are_answered_in_the_same_way() {
    let parts = b"--xx\r\nContent-Disposition: form-data; name=\"epoch\"\r\n\r\ns\r\n\
        --xx\r\nContent-Disposition: form-data; name=\"q\"; filename=\"q\"\r\n\r\nSELECT * FROM t;SHOW DATABASES\n\r\n--xx--\r\n";
    let multipart = "Content-Type: multipart/form-data; boundary=xx";
    let points: String = (0..25)
        .map(|at| {
            format!(
                "t,h={} x={}.5,s=\"a, \\\"b\\\" <{at}>\" {at}000000000\n",
                at % 2,
                at
            )
        })
        .collect();
    check(
        false,
        vec![
            post("/write?db=db", points.as_bytes()),
            get("/ping"),
            get("/ping?verbose=true"),
            with("HEAD", "/ping", "", b""),
            get("/nope"),
            get("/"),
            get("/query"),
            get("/query?q="),
            get("/query?q=+"),
            get("/query?q=%zz"),
            get("/query?q=SHOW+DATABASES;SHOW+USERS"),
            get("/query?q=%3B"),
            get("/query?q=SHOW"),
            get("/query?q=SHOW+DATABASES&pretty=true"),
            with("HEAD", "/query?q=SHOW+DATABASES", "", b""),
            get("/query?q=CREATE+DATABASE+x1"),
            get("/query?q=CREATE+DATABASE+%22x-2%22%3BSELECT+x+FROM+t"),
            get("/query?q=DROP+DATABASE+%22x-2%22"),
            get("/query?db=db&q=DROP+MEASUREMENT+nope"),
            post("/query?q=CREATE+DATABASE+x3", b""),
            post("/query?q=SHOW+DATABASES", b""),
            form("/query?db=nope", b"db=db&q=SELECT+count(x)+FROM+t"),
            form("/query?db=db", b"db=&q=SELECT+count(x)+FROM+t"),
            form("/query?q=SHOW+DATABASES", b"q=SHOW+MEASUREMENTS&db=db"),
            with("POST", "/query?db=db", "Content-Type: text/plain", b"q=SHOW+DATABASES"),
            with("POST", "/query?db=db", "Content-Type: application/json", b"{\"q\":\"SHOW DATABASES\"}"),
            with("POST", "/query?db=db", multipart, parts),
            get("/query?q=SELECT+x+FROM+t"),
            get("/query?db=nope&q=SELECT+x+FROM+t"),
            get("/query?db=db&rp=nope&q=SELECT+x+FROM+t"),
            get("/query?db=db&rp=autogen&q=SELECT+x+FROM+t"),
            get("/query?db=db&q=SELECT+*+FROM+t"),
            get("/query?db=db&q=SELECT+*+FROM+t&pretty=true"),
            get("/query?db=db&q=SELECT+*+FROM+t+GROUP+BY+h&pretty=true"),
            get("/query?db=db&q=SELECT+*+FROM+t&epoch=ns"),
            get("/query?db=db&q=SELECT+*+FROM+t&epoch=u"),
            get("/query?db=db&q=SELECT+*+FROM+t&epoch=ms"),
            get("/query?db=db&q=SELECT+*+FROM+t&epoch=s"),
            get("/query?db=db&q=SELECT+*+FROM+t&epoch=m"),
            get("/query?db=db&q=SELECT+*+FROM+t&epoch=h"),
            get("/query?db=db&q=SELECT+*+FROM+t&epoch=bogus"),
            get("/query?db=db&q=SELECT+*+FROM+t&chunked=true"),
            get("/query?db=db&q=SELECT+*+FROM+t&chunked=true&chunk_size=4"),
            get("/query?db=db&q=SELECT+*+FROM+t+GROUP+BY+h&chunked=true&chunk_size=5&epoch=s"),
            get("/query?db=db&q=SELECT+*+FROM+t+GROUP+BY+h&chunked=true&chunk_size=0"),
            get("/query?db=db&q=SELECT+x+FROM+nope%3BSELECT+x+FROM+t&chunked=true"),
            get("/query?db=db&q=SELECT+*+FROM+t&chunk_size=4"),
            get("/query?db=db&q=SELECT+x+FROM+nope"),
            get("/query?db=db&q=SELECT+*+FROM+t&async=true"),
            get("/query?q=SHOW&async=true"),
            get("/query?db=db&q=SELECT+x+FROM+t+WHERE+h+=+$h+AND+x+%3E+$x&params=%7B%22h%22%3A%221%22%2C%22x%22%3A20.5%7D"),
            get("/query?db=db&q=SELECT+x+FROM+t+WHERE+h+=+$h"),
            with("GET", "/query?db=db&q=SELECT+*+FROM+t", "Accept: application/csv", b""),
            with("GET", "/query?db=db&q=SELECT+*+FROM+t+GROUP+BY+h", "Accept: text/csv", b""),
            with("GET", "/query?db=db&q=SELECT+*+FROM+t%3BSHOW+DATABASES&epoch=s", "Accept: text/csv", b""),
            with("GET", "/query?q=SHOW", "Accept: text/csv", b""),
            with("GET", "/query?q=SHOW+DATABASES", "Accept: text/plain", b""),
            with("GET", "/query?q=SHOW+DATABASES", "Accept: */*, text/csv", b""),
        ],
    )
    .await;
}

#[tokio::test]
async fn logins_are_answered_in_the_same_way() {
    // lab:pass:word, lab:wrong, nobody:pass:word
    let (right, wrong) = (
        "Authorization: Basic bGFiOnBhc3M6d29yZA==",
        "Authorization: Basic bGFiOndyb25n",
    );
    let nobody = "Authorization: Basic bm9ib2R5OnBhc3M6d29yZA==";
    let asked = "/query?q=SHOW+DATABASES";
    check(
        true,
        vec![
            get(asked),
            with("GET", asked, right, b""),
            with("GET", asked, wrong, b""),
            with("GET", asked, nobody, b""),
            with("GET", asked, "Authorization: Basic Og==", b""),
            with("GET", asked, "Authorization: Basic !!!", b""),
            with("GET", asked, "Authorization: Token lab", b""),
            with("GET", asked, "Accept: text/csv", b""),
            get("/query?q=SHOW+DATABASES&u=lab&p=pass:word"),
            get("/query?q=SHOW+DATABASES&u=lab&p=wrong"),
            get("/query?q=SHOW+DATABASES&u=lab"),
            get("/query?q=SHOW+DATABASES&p=pass:word"),
            get("/query?q=SHOW+DATABASES&u=&p="),
            with("GET", "/query?q=SHOW+DATABASES&u=lab&p=pass:word", wrong, b""),
            with("GET", "/query?q=SHOW+DATABASES&u=lab&p=wrong", right, b""),
            form("/query", b"u=lab&p=pass:word&q=SHOW+DATABASES"),
            post("/write?db=db", b"m x=1"),
            post("/write", b"m x=1"),
            with("POST", "/write?db=db", wrong, b"m x=1"),
            with("POST", "/write?db=db", right, b"m x=1"),
            post("/write?db=db&u=lab&p=pass:word", b"m x=1"),
            get("/ping"),
            with("GET", "/ping", wrong, b""),
            get("/nope"),
        ],
    )
    .await;
}
