//! Where an InfluxDB is and who asks, as typed; keeps passwords out of every message.

use std::fmt;
use std::str::FromStr;

use reqwest::Url;

/// A text that is never shown: `Debug` hides it and it has no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl Secret {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that sends it.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) user: String,
    pub(crate) password: Secret,
}

/// How a request shows who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Authorization {
    Password(Credentials),
    /// Of InfluxDB 2.x or 3.
    Token(Secret),
}

/// `http://[user[:password]@]host[:port]`, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    /// Without user and password.
    pub(crate) url: Url,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<Secret>,
}

/// The value is not shown, because it may hold a password.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum EndpointError {
    #[error("not a URL: type http://HOST:8086 or http://USER@HOST:8086")]
    NotAUrl,
    #[error("the URL of InfluxDB begins with http://, not `{0}:`; TLS is not supported")]
    Scheme(String),
    #[error("the user or the password in the URL is not UTF-8 once decoded")]
    Encoding,
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        let Ok(mut url) = Url::parse(text) else {
            return Err(EndpointError::NotAUrl);
        };
        if url.scheme() != "http" {
            return Err(EndpointError::Scheme(url.scheme().to_owned()));
        }
        let user = Some(decoded(url.username())?).filter(|user| !user.is_empty());
        let password = url.password().map(decoded).transpose()?.map(Secret);
        if url.set_username("").is_err() || url.set_password(None).is_err() {
            return Err(EndpointError::NotAUrl);
        }
        Ok(Self { url, user, password })
    }
}

/// Undoes the URL's percent-encoding.
fn decoded(text: &str) -> Result<String, EndpointError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escape = tail.get(..2).filter(|_| *first == b'%');
        let code = escape.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &tail[2..] } else { tail };
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text),
        Err(_) => Err(EndpointError::Encoding),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_password_are_taken_out_of_the_url_and_decoded() {
        let endpoint: Endpoint = "http://lab:p%40ss%2F1%@127.0.0.1:8086".parse().unwrap();
        let expected = Endpoint {
            url: Url::parse("http://127.0.0.1:8086/").unwrap(),
            user: Some("lab".to_owned()),
            password: Some(Secret::new("p@ss/1%")),
        };
        assert_eq!(endpoint, expected);
    }

    #[test]
    fn nothing_shows_a_password() {
        let endpoint: Endpoint = "http://lab:hunter2@127.0.0.1:8086".parse().unwrap();
        assert!(!format!("{endpoint:?}").contains("hunter2"));
        for text in [
            "https://lab:hunter2@host",
            "lab:hunter2@host",
            "http://lab:hunter2@",
        ] {
            let error = text.parse::<Endpoint>().unwrap_err();
            assert!(
                !format!("{error} {error:?}").contains("hunter2"),
                "{text}: {error}"
            );
        }
    }

    #[test]
    fn a_url_without_a_user_has_no_credentials() {
        let endpoint: Endpoint = "http://127.0.0.1:8086".parse().unwrap();
        assert_eq!((endpoint.user, endpoint.password), (None, None));
    }
}
