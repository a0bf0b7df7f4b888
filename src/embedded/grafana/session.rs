//! Sessions of the page: a random token in a cookie, its hash in the state; passwords are checked elsewhere.

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::super::gate::text;
use super::annotations::now_ms;
use super::keeper::Keeper;
use super::refusal::Refusal;
use super::state::{Session, State};

/// Grafana's name for it; the port comes after it, because a browser sends the cookies of one port to all of a host.
const COOKIE: &str = "grafana_session";
/// A week, after which the lab's password is asked for again.
const LIFETIME_S: i64 = 7 * 86_400;
/// The oldest end first beyond this; a lab has one user with a few browsers.
const MOST: usize = 64;

/// Opens a session and returns the value of the `Set-Cookie` that carries it.
pub(super) async fn open(keeper: &Keeper, headers: &HeaderMap) -> Result<String, Refusal> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(|error| Refusal::internal(format!("no random token: {error}")))?;
    let token = URL_SAFE_NO_PAD.encode(secret);
    let now = now_ms()?;
    let session = Session {
        token_hash: hash(&token),
        expires: now + LIFETIME_S * 1000,
    };
    keeper
        .change(move |state| {
            add(state, session, now);
            Ok(())
        })
        .await?;
    Ok(cookie(&name(headers), &token, LIFETIME_S))
}

/// Whether the request carries the cookie of an open session.
pub(super) async fn is_open(keeper: &Keeper, headers: &HeaderMap) -> Result<bool, Refusal> {
    let Some(token) = token(headers) else {
        return Ok(false);
    };
    let (wanted, now) = (hash(token), now_ms()?);
    keeper
        .read(move |state| {
            let mut sessions = state.sessions.iter();
            sessions.any(|session| session.token_hash == wanted && session.expires > now)
        })
        .await
}

/// Ends the request's session, if it has one, and returns the `Set-Cookie` that makes the browser forget it.
pub(super) async fn close(keeper: &Keeper, headers: &HeaderMap) -> Result<String, Refusal> {
    if let Some(token) = token(headers) {
        let gone = hash(token);
        keeper
            .change(move |state| {
                state.sessions.retain(|session| session.token_hash != gone);
                Ok(())
            })
            .await?;
    }
    Ok(cookie(&name(headers), "", 0))
}

fn add(state: &mut State, session: Session, now: i64) {
    state.sessions.retain(|other| other.expires > now);
    state.sessions.push(session);
    let surplus = state.sessions.len().saturating_sub(MOST);
    state.sessions.drain(..surplus);
}

/// Not `Secure`: the lab speaks plain HTTP on the loopback address.
fn cookie(name: &str, token: &str, lifetime_s: i64) -> String {
    format!("{name}={token}; Path=/; Max-Age={lifetime_s}; HttpOnly; SameSite=Lax")
}

/// The port is the one that the browser knows, which is not always the one that is listened on.
fn name(headers: &HeaderMap) -> String {
    let host = text(headers, header::HOST).unwrap_or_default();
    let port: Option<u16> = host.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
    port.map_or_else(|| COOKIE.to_owned(), |port| format!("{COOKIE}_{port}"))
}

fn token(headers: &HeaderMap) -> Option<&str> {
    let wanted = name(headers);
    let lines = headers.get_all(header::COOKIE).iter();
    let pairs = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'));
    let mut pairs = pairs.filter_map(|pair| pair.trim().split_once('='));
    pairs.find_map(|(name, value)| (name == wanted).then_some(value))
}

/// The token has 256 random bits, so that one round is enough.
fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::super::super::account::Account;
    use super::*;

    fn session(number: u8, expires: i64) -> Session {
        Session {
            token_hash: [number; 32],
            expires,
        }
    }

    #[test]
    fn the_token_is_found_among_other_cookies() {
        let table = [
            ("localhost", "grafana_session=abc", Some("abc")),
            ("localhost", "a=b; grafana_session=abc; c=d", Some("abc")),
            ("localhost", "a=b;grafana_session=", Some("")),
            ("localhost", "xgrafana_session=abc", None),
            ("localhost", "", None),
            (
                "[::1]:3001",
                "grafana_session_3000=abc; grafana_session_3001=def",
                Some("def"),
            ),
            ("127.0.0.1:3001", "grafana_session_3000=abc", None),
        ];
        for (host, line, expected) in table {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static(host));
            headers.insert(header::COOKIE, HeaderValue::from_static(line));
            assert_eq!(token(&headers), expected, "{line}");
        }
    }

    #[test]
    fn expired_sessions_go_and_the_oldest_make_room() {
        let mut state = State::new(Account::new("admin", "x").unwrap());
        for number in 0..=64 {
            add(&mut state, session(number, 1000), 0);
        }
        assert_eq!(state.sessions.len(), 64);
        assert_eq!(state.sessions[0], session(1, 1000));
        add(&mut state, session(99, 9000), 1000);
        assert_eq!(state.sessions, [session(99, 9000)]);
    }

    #[tokio::test]
    async fn an_expired_session_lets_nobody_in() {
        let mut state = State::new(Account::new("admin", "x").unwrap());
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static("grafana_session=abc"));
        let token_hash = hash("abc");
        state.sessions.push(Session {
            token_hash,
            expires: 1,
        });
        let keeper = Keeper::start(state, None);
        assert_eq!(is_open(&keeper, &headers).await, Ok(false));
        let lasting = Session {
            token_hash,
            expires: i64::MAX,
        };
        let added = keeper.change(move |state| {
            state.sessions.push(lasting);
            Ok(())
        });
        added.await.unwrap();
        assert_eq!(is_open(&keeper, &headers).await, Ok(true));
    }
}
