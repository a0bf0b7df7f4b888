//! What keeps other web pages out: `Host` against DNS rebinding, `Origin` against forged requests. Words no answer.

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName, header};

/// Names, besides `localhost` and IP addresses, under which a server may be called.
pub(super) type AllowedHosts = Arc<[String]>;

/// Why a request is refused before anyone looks at what it asks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Trespass {
    #[error("host {0:?} is not one of this server's names")]
    Host(String),
    #[error("origin not allowed")]
    Origin,
}

/// Refuses requests whose `Host` is a name nobody gave this server, because a web page that points its own name at
/// 127.0.0.1 would send that name.
pub(super) fn check_host(headers: &HeaderMap, allowed: &[String]) -> Result<(), Trespass> {
    let host = text(headers, header::HOST).unwrap_or_default();
    if is_allowed(host, allowed) {
        Ok(())
    } else {
        Err(Trespass::Host(host.to_owned()))
    }
}

/// Refuses what the page of another site asks for. A browser says which page a request comes from; other clients say
/// nothing.
pub(super) fn check_origin(headers: &HeaderMap) -> Result<(), Trespass> {
    let host = text(headers, header::HOST).unwrap_or_default();
    let site = text(headers, HeaderName::from_static("sec-fetch-site"));
    // an image or a link has no `Origin`, and a page on another port of this host is of the same site
    let is_foreign = matches!(site, Some("cross-site" | "same-site"));
    if is_own_page(text(headers, header::ORIGIN), host) && !is_foreign {
        Ok(())
    } else {
        Err(Trespass::Origin)
    }
}

fn is_own_page(origin: Option<&str>, host: &str) -> bool {
    origin.is_none_or(|origin| origin.split_once("://").is_some_and(|(_, own)| own == host))
}

/// A header's value; `None` where it is missing or no text.
pub(super) fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn is_allowed(host: &str, allowed: &[String]) -> bool {
    let name = without_port(host);
    let is_address = name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
    is_address
        || name.eq_ignore_ascii_case("localhost")
        || allowed.iter().any(|other| name.eq_ignore_ascii_case(other))
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_may_ask_for_changes_on_its_own_server_only() {
        let table = [
            (None, true),
            (Some("http://127.0.0.1:3000"), true),
            (Some("http://127.0.0.1:9090"), false),
            (Some("https://evil.example"), false),
            (Some("null"), false),
        ];
        for (origin, expected) in table {
            assert_eq!(is_own_page(origin, "127.0.0.1:3000"), expected, "{origin:?}");
        }
    }

    #[test]
    fn a_browser_that_names_another_site_is_refused_and_one_that_names_none_is_not() {
        let table = [
            (None, Ok(())),
            (Some("same-origin"), Ok(())),
            (Some("none"), Ok(())),
            (Some("same-site"), Err(Trespass::Origin)),
            (Some("cross-site"), Err(Trespass::Origin)),
        ];
        for (site, expected) in table {
            let mut headers = HeaderMap::new();
            if let Some(site) = site {
                headers.insert("sec-fetch-site", site.parse().unwrap());
            }
            assert_eq!(check_origin(&headers), expected, "{site:?}");
        }
    }

    #[test]
    fn addresses_localhost_and_given_names_are_allowed_and_other_names_are_not() {
        let allowed = ["grafana".to_owned()];
        let table = [
            ("127.0.0.1:3000", true),
            ("10.1.2.3", true),
            ("[::1]:3000", true),
            ("[::1]", true),
            ("localhost", true),
            ("LOCALHOST:80", true),
            ("grafana:3000", true),
            ("evil.example:3000", false),
            ("grafana.evil.example", false),
            ("localhost.evil.example:3000", false),
            ("127.0.0.1.evil.example", false),
            ("", false),
        ];
        for (host, expected) in table {
            assert_eq!(is_allowed(host, &allowed), expected, "{host}");
        }
    }
}
