//! Who asks: login and password from the URL or from `Authorization`, checked where the server has an account.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

use super::super::super::account::{Account, basic_credentials};
use super::super::super::gate::text;
use super::parameters::Parameters;
use super::refusal::Refusal;
use super::style::Format;

/// Lets everybody in where there is no account.
pub(super) async fn check(
    State(account): State<Option<Arc<Account>>>,
    request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    if let Some(account) = account {
        let credentials = Credentials::of(request.uri().query(), request.headers());
        let format = Format::accepted(request.headers());
        let checked = credentials.and_then(|credentials| credentials.check(&account));
        checked.map_err(|message| Refusal::new(StatusCode::UNAUTHORIZED, message).in_format(format))?;
    }
    Ok(next.run(request).await)
}

#[derive(PartialEq, Eq)]
struct Credentials {
    login: String,
    password: String,
}

impl Credentials {
    /// `u` and `p` of the URL count before the header, as in InfluxDB. `Token login:password` came with its version
    /// 1.8, for clients of 2.x.
    fn of(query: Option<&str>, headers: &HeaderMap) -> Result<Self, &'static str> {
        let parameters = Parameters::of_url(query);
        let (login, password) = (parameters.text("u"), parameters.text("p"));
        if !login.is_empty() && !password.is_empty() {
            return Ok(Self::new(login, password));
        }
        let authorization = text(headers, header::AUTHORIZATION).unwrap_or_default();
        let token = authorization
            .strip_prefix("Token ")
            .and_then(|token| token.split_once(':'));
        let token = token.map(|(login, password)| Self::new(login, password));
        let basic = || basic_credentials(authorization).map(|(login, password)| Self { login, password });
        token
            .or_else(basic)
            .ok_or("unable to parse authentication credentials")
    }

    fn new(login: &str, password: &str) -> Self {
        Self {
            login: login.to_owned(),
            password: password.to_owned(),
        }
    }

    fn check(&self, account: &Account) -> Result<(), &'static str> {
        if self.login.is_empty() {
            Err("username required")
        } else if account.admits(&self.login, &self.password) {
            Ok(())
        } else {
            Err("authorization failed")
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn answer(query: &str, authorization: Option<&str>) -> Result<(), &'static str> {
        let account = Account::new("lab", "p:w").unwrap();
        let mut headers = HeaderMap::new();
        if let Some(authorization) = authorization {
            headers.insert(header::AUTHORIZATION, authorization.parse().unwrap());
        }
        Credentials::of(Some(query), &headers).and_then(|credentials| credentials.check(&account))
    }

    #[test]
    fn the_right_login_and_password_are_admitted_wherever_they_stand() {
        let basic = |text| format!("Basic {}", STANDARD.encode(text));
        let unreadable = Err("unable to parse authentication credentials");
        let wrong = Err("authorization failed");
        let table = [
            ("", None, unreadable),
            ("", Some(basic("lab:p:w")), Ok(())),
            ("", Some(basic("lab:x")), wrong),
            ("", Some(basic("root:p:w")), wrong),
            ("", Some(basic("lab:")), wrong),
            ("", Some(basic(":")), Err("username required")),
            ("", Some("Basic !!!".to_owned()), unreadable),
            ("", Some("Token lab:p:w".to_owned()), Ok(())),
            ("", Some("Token lab:x".to_owned()), wrong),
            ("", Some("Token lab".to_owned()), unreadable),
            ("", Some("Bearer lab:p:w".to_owned()), unreadable),
            ("u=lab&p=p:w", None, Ok(())),
            ("u=lab&p=x", Some(basic("lab:p:w")), wrong),
            ("u=lab&p=p:w", Some(basic("lab:x")), Ok(())),
            ("u=lab", None, unreadable),
            ("p=p:w", None, unreadable),
            ("u=lab&p=", None, unreadable),
        ];
        for (query, authorization, expected) in table {
            assert_eq!(
                answer(query, authorization.as_deref()),
                expected,
                "{query} {authorization:?}"
            );
        }
    }
}
