//! The requests of a run as bytes, in HTTP/1.1 and in uWSGI's own protocol: fixed ones made once, others as they are sent; sends
//! nothing.

mod http;
mod packet;

use serde::{Deserialize, Serialize};

use super::client::Client;
use super::jar::Jar;
use super::remote::encoded;
use super::response::HttpResponse;
use super::script::{Script, ScriptError};
use super::target::{Protocol, Target};
use super::text::{Draw, Places, Text};
use super::{Header, LoadError, Requested};

/// What is asked of the target, whatever the protocol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Request {
    /// An HTTP method, in the case in which it is sent.
    pub(crate) method: String,
    pub(crate) headers: Vec<Header>,
    /// Nothing is no body; an empty one is announced with a length of 0.
    #[serde(with = "encoded::bytes")]
    pub(crate) body: Option<Vec<u8>>,
    /// Whether double braces stand as they are, in place of being filled anew for each request.
    pub(crate) literal: bool,
}

impl Default for Request {
    fn default() -> Self {
        Self {
            method: "GET".to_owned(),
            headers: Vec::new(),
            body: None,
            literal: false,
        }
    }
}

/// One request, taken apart at what varies in it.
#[derive(Debug)]
struct Parts {
    method: String,
    authority: String,
    path: Text,
    /// The path before its query, decoded, and the query: what the uwsgi protocol names apart.
    path_info: Text,
    query: Text,
    /// Our own headers that were not given, then those given.
    headers: Vec<(String, Text)>,
    body: Option<Text>,
}

impl Parts {
    fn new(target: &Target, request: &Request, places: &mut Places) -> Result<Self, LoadError> {
        places.literal = request.literal;
        let path = match request.literal {
            true => target.path().replace("{{", "%7B%7B").replace("}}", "%7D%7D"),
            false => target.path().to_owned(),
        };
        let (info, query) = path.split_once('?').unwrap_or((&path, ""));
        let own = [
            ("Host", target.authority()),
            ("User-Agent", concat!("uwsgi-lab/", env!("CARGO_PKG_VERSION"))),
            ("Accept", "*/*"),
        ];
        let given = |name: &str| {
            let mut names = request.headers.iter();
            names.any(|header| header.name.eq_ignore_ascii_case(name))
        };
        let kept = own.into_iter().filter(|(name, _)| !given(name));
        let headers = request.headers.iter();
        let headers = kept.chain(headers.map(|header| (header.name.as_str(), header.value.as_str())));
        Ok(Self {
            method: request.method.clone(),
            authority: target.authority().to_owned(),
            path_info: places.text(info.as_bytes())?.map(percent_decoded),
            query: places.text(query.as_bytes())?,
            headers: headers
                .map(|(name, value)| Ok((name.to_owned(), places.text(value.as_bytes())?)))
                .collect::<Result<_, LoadError>>()?,
            body: request.body.as_ref().map(|body| places.text(body)).transpose()?,
            // The same places once more: it has to have the values that stand in its parts.
            path: places.at(&path)?,
        })
    }
}

/// One request of the mix.
#[derive(Debug)]
struct Entry {
    parts: Parts,
    protocol: Protocol,
    /// Where it is sent: which of the run's origins.
    origin: usize,
    /// The request itself, where each is the same.
    fixed: Option<Vec<u8>>,
}

impl Entry {
    fn write(
        &self,
        draw: Draw,
        cookies: &str,
        scratch: &mut Vec<u8>,
        out: &mut Vec<u8>,
    ) -> Result<(), LoadError> {
        out.clear();
        scratch.clear();
        match self.protocol {
            Protocol::Http => {
                http::write(&self.parts, draw, cookies, scratch, out);
                Ok(())
            }
            Protocol::Uwsgi => packet::write(&self.parts, draw, cookies, scratch, out),
        }
    }
}

/// The requests of a run: a mix of entries by weight.
#[derive(Debug)]
pub(crate) struct Prepared {
    entries: Vec<Entry>,
    /// The sum of the weights up to and with each entry.
    weights: Vec<u64>,
    seed: u64,
    scratch: Vec<u8>,
    /// Makes the requests in place of the entries.
    script: Option<Script>,
    /// Whether what answers set is sent with the visitor's next requests.
    cookies: bool,
}

/// The place whose value chooses among the entries; those of a request begin at 1.
const CHOICE: u64 = 0;

impl Client for Prepared {
    type Response = HttpResponse;

    fn choose(&self, number: u64) -> usize {
        match self.weights.last() {
            Some(total) if self.entries.len() > 1 => {
                let draw = Draw {
                    seed: self.seed,
                    number,
                };
                let chosen = draw.below(CHOICE, *total);
                self.weights.partition_point(|sum| *sum <= chosen)
            }
            _ => 0,
        }
    }

    fn origin(&self, entry: usize) -> usize {
        self.entries[entry].origin
    }

    fn compose(
        &mut self,
        entry: usize,
        number: u64,
        cookies: &str,
        composed: &mut Vec<u8>,
    ) -> Result<(), ScriptError> {
        composed.clear();
        if let Some(script) = &self.script {
            return script.write(composed);
        }
        let entry = &self.entries[entry];
        if entry.fixed.is_none() || !cookies.is_empty() {
            let draw = Draw {
                seed: self.seed,
                number,
            };
            // A packet that grows too long for its 16 bits is sent short, and the server says what it thinks of it.
            entry.write(draw, cookies, &mut self.scratch, composed).ok();
        }
        Ok(())
    }

    fn looks_at_answers(&self) -> bool {
        self.cookies || self.script.as_ref().is_some_and(Script::looks_at_answers)
    }

    fn answered(&mut self, response: &HttpResponse, jar: &mut Jar) -> Result<(), ScriptError> {
        if self.cookies {
            let headers = response.kept().headers;
            let set = headers
                .iter()
                .filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
            set.for_each(|(_, value)| jar.set(value));
        }
        match &self.script {
            Some(script) => script.answered(response),
            None => Ok(()),
        }
    }

    fn request<'a>(&'a self, entry: usize, composed: &'a [u8]) -> &'a [u8] {
        match &self.entries[entry].fixed {
            Some(fixed) if composed.is_empty() => fixed,
            _ => composed,
        }
    }

    /// uWSGI closes after each response on `socket =`.
    fn keeps_connections(&self, entry: usize) -> bool {
        self.entries[entry].protocol == Protocol::Http
    }
}

impl Prepared {
    /// Headers given take the place of our own (`Host`, `User-Agent`, `Accept`) of the same name. `origins` tells for each part
    /// where it is sent.
    ///
    /// # Errors
    /// [`LoadError::Method`], [`LoadError::Header`] and [`LoadError::Place`] for what cannot be sent, [`LoadError::Packet`] for
    /// variables that do not fit into a packet of the uwsgi protocol.
    pub(crate) fn new(parts: &[Requested], origins: &[usize], seed: u64) -> Result<Self, LoadError> {
        let mut entries = Vec::new();
        let mut weights = Vec::new();
        let mut total = 0;
        for (part, origin) in parts.iter().zip(origins) {
            entries.push(entry(part, *origin, seed)?);
            total += u64::from(part.weight);
            weights.push(total);
        }
        Ok(Self {
            entries,
            weights,
            seed,
            scratch: Vec::new(),
            script: None,
            cookies: false,
        })
    }

    pub(crate) fn with(self, script: Option<Script>, cookies: bool) -> Self {
        Self {
            script,
            cookies,
            ..self
        }
    }
}

fn entry(part: &Requested, origin: usize, seed: u64) -> Result<Entry, LoadError> {
    let request = &part.request;
    if !is_token(&request.method) {
        return Err(LoadError::Method(request.method.clone()));
    }
    for header in &request.headers {
        header.check()?;
    }
    let mut places = Places::default();
    let mut entry = Entry {
        parts: Parts::new(&part.target, request, &mut places)?,
        protocol: part.target.protocol(),
        origin,
        fixed: None,
    };
    let mut first = Vec::new();
    entry.write(Draw { seed, number: 0 }, "", &mut Vec::new(), &mut first)?;
    if places.are_none() {
        entry.fixed = Some(first);
    }
    Ok(entry)
}

/// Each text between places by itself: no place stands within a percent-encoded byte.
fn percent_decoded(path: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((first, tail)) = rest.split_first() {
        let byte = match tail {
            [high, low, ..] if *first == b'%' => hexadecimal(*high, *low),
            _ => None,
        };
        decoded.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &tail[2..] } else { tail };
    }
    decoded
}

fn hexadecimal(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| (byte as char).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

pub(super) fn is_token(text: &str) -> bool {
    let of_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(of_token)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(url: &str, headers: &[(&str, &str)]) -> Result<String, String> {
        let headers: Vec<Header> = headers
            .iter()
            .map(|(name, value)| Header {
                name: (*name).to_owned(),
                value: (*value).to_owned(),
            })
            .collect();
        let request = Request {
            headers,
            ..Request::default()
        };
        first(url, request)
            .map(|bytes| String::from_utf8(bytes).unwrap())
            .map_err(|error| error.to_string())
    }

    fn prepared(url: &str, request: Request) -> Result<Prepared, LoadError> {
        let part = Requested {
            target: Target::parse(url).unwrap(),
            request,
            weight: 1,
        };
        Prepared::new(&[part], &[0], 7)
    }

    /// The bytes of the request with the number `number`.
    fn sent(client: &mut Prepared, number: u64) -> Vec<u8> {
        let entry = client.choose(number);
        let mut composed = Vec::new();
        client.compose(entry, number, "", &mut composed).unwrap();
        client.request(entry, &composed).to_vec()
    }

    fn first(url: &str, request: Request) -> Result<Vec<u8>, LoadError> {
        prepared(url, request).map(|mut client| sent(&mut client, 0))
    }

    #[test]
    fn a_request_names_host_path_and_query() {
        let agent = concat!("User-Agent: uwsgi-lab/", env!("CARGO_PKG_VERSION"));
        assert_eq!(
            get("http://127.0.0.1:9090/a b?q=1#top", &[("X-Id", "7")]),
            Ok(format!(
                "GET /a%20b?q=1 HTTP/1.1\r\nHost: 127.0.0.1:9090\r\n{agent}\r\nAccept: */*\r\nX-Id: 7\r\n\r\n"
            ))
        );
    }

    #[test]
    fn a_header_given_replaces_ours() {
        assert_eq!(
            get(
                "http://localhost",
                &[("host", "example.org"), ("user-agent", "me"), ("ACCEPT", "a/b")]
            ),
            Ok("GET / HTTP/1.1\r\nhost: example.org\r\nuser-agent: me\r\nACCEPT: a/b\r\n\r\n".to_owned())
        );
    }

    #[test]
    fn headers_that_would_break_the_request_are_refused() {
        for (name, value) in [
            ("", "x"),
            ("a b", "x"),
            ("X", "one\r\nInjected: 1"),
            ("Content-Length", "5"),
            ("Transfer-Encoding", "chunked"),
        ] {
            assert!(
                get("http://localhost", &[(name, value)]).is_err(),
                "{name}: {value}"
            );
        }
    }

    #[test]
    fn a_body_follows_its_length() {
        let request = Request {
            method: "POST".to_owned(),
            body: Some(b"a=1".to_vec()),
            ..Request::default()
        };
        let text = String::from_utf8(first("http://localhost/form", request.clone()).unwrap()).unwrap();
        assert!(
            text.starts_with("POST /form HTTP/1.1\r\nHost: localhost\r\n"),
            "{text}"
        );
        assert!(
            text.ends_with("Accept: */*\r\nContent-Length: 3\r\n\r\na=1"),
            "{text}"
        );
        let method = "GE T".to_owned();
        let refused = first("http://localhost", Request { method, ..request });
        assert_eq!(refused.unwrap_err().to_string(), "method `GE T` is no HTTP token");
    }

    #[test]
    fn a_packet_carries_the_variables_that_a_web_server_would_send() {
        let request = Request {
            method: "PUT".to_owned(),
            headers: vec![
                Header {
                    name: "X-Id".to_owned(),
                    value: "7".to_owned(),
                },
                Header {
                    name: "content-type".to_owned(),
                    value: "text/plain".to_owned(),
                },
            ],
            body: Some(b"hello".to_vec()),
            literal: false,
        };
        let mut packet = prepared("uwsgi://127.0.0.1:3031/a%20b/?q=1", request).unwrap();
        assert!(!packet.keeps_connections(0));
        let bytes = sent(&mut packet, 0);
        let length = usize::from(u16::from_le_bytes([bytes[1], bytes[2]]));
        assert_eq!((bytes[0], bytes[3], &bytes[4 + length..]), (0, 0, &b"hello"[..]));
        let mut rest = &bytes[4..4 + length];
        let mut take = || {
            let size = usize::from(u16::from_le_bytes([rest[0], rest[1]]));
            let text = String::from_utf8(rest[2..2 + size].to_vec()).unwrap();
            rest = &rest[2 + size..];
            (text, rest.is_empty())
        };
        let mut variables = std::collections::BTreeMap::new();
        loop {
            let (name, _) = take();
            let (value, last) = take();
            variables.insert(name, value);
            if last {
                break;
            }
        }
        let told = |name: &str| variables[name].as_str();
        assert_eq!(
            (told("PATH_INFO"), told("QUERY_STRING"), told("REQUEST_URI")),
            ("/a b/", "q=1", "/a%20b/?q=1")
        );
        assert_eq!((told("REQUEST_METHOD"), told("CONTENT_LENGTH")), ("PUT", "5"));
        assert_eq!((told("HTTP_X_ID"), told("CONTENT_TYPE")), ("7", "text/plain"));
        assert_eq!(
            (told("HTTP_HOST"), told("SERVER_PORT")),
            ("127.0.0.1:3031", "3031")
        );
    }

    #[test]
    fn variables_that_fit_no_packet_are_refused() {
        let header = |value: String| Request {
            headers: vec![Header {
                name: "X".to_owned(),
                value,
            }],
            ..Request::default()
        };
        for length in [65_500, 70_000] {
            let refused = first("uwsgi+unix:/run/app.sock", header("x".repeat(length)));
            assert!(matches!(refused, Err(LoadError::Packet)), "{refused:?}");
        }
    }

    #[test]
    fn places_are_filled_in_path_headers_and_body_and_the_length_follows() {
        let request = Request {
            method: "POST".to_owned(),
            headers: vec![Header {
                name: "X-Id".to_owned(),
                value: "{{hex}}".to_owned(),
            }],
            body: Some(b"n={{counter}}".to_vec()),
            literal: false,
        };
        let mut client = prepared("http://localhost/a b/{{counter}}?c={{pick x|y}}", request).unwrap();
        let text = |client: &mut Prepared, number| String::from_utf8(sent(client, number)).unwrap();
        let (hundredth, again) = (text(&mut client, 100), text(&mut client, 100));
        assert_eq!(hundredth, again);
        assert!(hundredth.starts_with("POST /a%20b/100?c="), "{hundredth}");
        assert!(
            hundredth.ends_with("Content-Length: 5\r\n\r\nn=100"),
            "{hundredth}"
        );
        assert!(text(&mut client, 7).ends_with("Content-Length: 3\r\n\r\nn=7"));
    }

    #[test]
    fn a_packet_names_the_same_values_in_its_uri_as_in_its_parts() {
        let mut client = prepared(
            "uwsgi://h:1/x%20y/{{random 0..99999}}?q={{hex}}",
            Request::default(),
        )
        .unwrap();
        let text = String::from_utf8_lossy(&sent(&mut client, 9)).into_owned();
        let after = |name: &str| text.split_once(name).unwrap().1[2..].to_owned();
        let uri = after("REQUEST_URI");
        let (path, query) = uri.split_once('?').unwrap();
        let number: String = path.trim_start_matches("/x%20y/").to_owned();
        assert!(
            after("PATH_INFO").starts_with(&format!("/x y/{number}")),
            "{text}"
        );
        assert!(after("QUERY_STRING").starts_with(&query[..18]), "{text}");
    }

    #[test]
    fn requests_are_chosen_by_weight_and_the_same_for_the_same_seed() {
        let part = |path: &str, weight| Requested {
            target: Target::parse(&format!("http://localhost{path}")).unwrap(),
            request: Request::default(),
            weight,
        };
        let client = Prepared::new(&[part("/a", 3), part("/b", 1)], &[0, 0], 7).unwrap();
        let chosen = (0..10_000).filter(|number| client.choose(*number) == 1).count();
        assert!((2_300..2_700).contains(&chosen), "{chosen}");
    }

    #[test]
    fn double_braces_stand_as_they_are_where_asked_for() {
        let literal = Request {
            body: Some(b"{{name}}".to_vec()),
            literal: true,
            ..Request::default()
        };
        let text = String::from_utf8(first("http://localhost/{{x}}", literal.clone()).unwrap()).unwrap();
        assert!(
            text.starts_with("GET /%7B%7Bx%7D%7D HTTP/1.1") && text.ends_with("{{name}}"),
            "{text}"
        );
        let refused = first(
            "http://localhost/",
            Request {
                literal: false,
                ..literal
            },
        );
        assert!(matches!(refused, Err(LoadError::Place(_))), "{refused:?}");
    }
}
