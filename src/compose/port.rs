//! Published ports, short and long.

use super::error::{Problem, ProblemKind};
use super::model::{Port, Protocol};
use super::spot::Spot;
use super::yaml::Value;

/// `[[host_ip:][published]:]target[/protocol]`, or the same as a mapping.
pub(super) fn port(spot: &Spot) -> Result<Port, Problem> {
    match &spot.node.value {
        Value::Mapping(_) => long(spot),
        _ => short(spot),
    }
}

fn short(spot: &Spot) -> Result<Port, Problem> {
    let expected = "a port such as 127.0.0.1:8080:80/tcp";
    let text = spot.parsed(expected, |word| Some(word.to_owned()))?;
    let (address, protocol) = text.split_once('/').unwrap_or((&text, "tcp"));
    let (published, target) = address.rsplit_once(':').unwrap_or(("", address));
    let (host_ip, published) = published.rsplit_once(':').unwrap_or(("", published));
    if is_range(target) || is_range(published) {
        return Err(range(spot, &text));
    }
    let read = || {
        Some(Port {
            host_ip: ip(host_ip)?,
            published: match published {
                "" => None,
                number => nonzero(number.parse().ok()?),
            },
            target: number_of(target)?,
            protocol: protocol_of(protocol)?,
        })
    };
    read().ok_or_else(|| spot.expected(expected))
}

fn long(spot: &Spot) -> Result<Port, Problem> {
    let fields = spot.only_fields(&["host_ip", "protocol", "published", "target"])?;
    let published = fields.optional("published", |at| match at.word() {
        Ok(word) if is_range(&word) => Err(range(at, &word)),
        _ => at.parsed("a port number", |word| word.parse().ok()),
    })?;
    Ok(Port {
        host_ip: fields.or_default("host_ip", |at| at.parsed("an IP address", ip))?,
        published: published.and_then(nonzero),
        target: fields.required("target", |at| at.parsed("a port number", number_of))?,
        protocol: fields
            .optional("protocol", |at| at.parsed("tcp or udp", protocol_of))?
            .unwrap_or(Protocol::Tcp),
    })
}

fn is_range(text: &str) -> bool {
    matches!(text.split_once('-'), Some((from, to)) if from.parse::<u16>().is_ok() && to.parse::<u16>().is_ok())
}

fn range(spot: &Spot, ports: &str) -> Problem {
    spot.problem(ProblemKind::PortRange {
        ports: ports.to_owned(),
    })
}

fn number_of(text: &str) -> Option<u16> {
    text.parse().ok().filter(|port| *port != 0)
}

/// Port 0 asks the engine to choose, as leaving it out does.
fn nonzero(published: u16) -> Option<u16> {
    (published != 0).then_some(published)
}

fn ip(text: &str) -> Option<String> {
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
        .unwrap_or(text);
    let valid = bare.is_empty() || bare.parse::<std::net::IpAddr>().is_ok();
    valid.then(|| bare.to_owned())
}

fn protocol_of(text: &str) -> Option<Protocol> {
    match text {
        "tcp" => Some(Protocol::Tcp),
        "udp" => Some(Protocol::Udp),
        _ => None,
    }
}
