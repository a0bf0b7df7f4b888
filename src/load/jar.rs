//! The cookies of one visitor, as far as a load needs them: name and value, the last one set; knows no domains and no paths.

use std::fmt::Write as _;

/// What the visitor sends with each request.
#[derive(Debug, Default)]
pub(crate) struct Jar {
    cookies: Vec<(String, String)>,
    /// The value of the header `Cookie` (RFC 6265, section 4.2.1).
    header: String,
}

impl Jar {
    /// Empty where there is none.
    pub(crate) fn header(&self) -> &str {
        &self.header
    }

    /// Takes the value of a header `Set-Cookie` (RFC 6265, section 5.2): one whose time is over is taken out.
    pub(crate) fn set(&mut self, value: &[u8]) {
        let text = String::from_utf8_lossy(value);
        let mut parts = text.split(';').map(str::trim);
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
            return;
        };
        let is_over = parts.any(is_over);
        self.cookies.retain(|(other, _)| other != name);
        if !is_over {
            self.cookies.push((name.to_owned(), value.to_owned()));
        }
        self.header.clear();
        for (name, value) in &self.cookies {
            let separator = if self.header.is_empty() { "" } else { "; " };
            // Writing to a `String` cannot fail.
            write!(self.header, "{separator}{name}={value}").ok();
        }
    }
}

/// Servers take a cookie back with an age of 0 or a date in 1970.
fn is_over(attribute: &str) -> bool {
    let Some((name, value)) = attribute.split_once('=') else {
        return false;
    };
    match name.to_ascii_lowercase().as_str() {
        "max-age" => value.trim().parse::<i64>().is_ok_and(|age| age <= 0),
        "expires" => value.contains("1970"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_set_is_sent_until_it_is_taken_back() {
        let mut jar = Jar::default();
        for set in [
            "session=a=b; Path=/; HttpOnly",
            "theme=dark",
            "session=2",
            "nothing",
        ] {
            jar.set(set.as_bytes());
        }
        assert_eq!(jar.header(), "theme=dark; session=2");
        jar.set(b"theme=; expires=Thu, 01 Jan 1970 00:00:00 GMT");
        jar.set(b"session=; Max-Age=0");
        assert_eq!(jar.header(), "");
    }
}
