//! Parameters from the URL and from a form body; what they mean is for others.

/// Names and values, in the order in which the first of a name counts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Those of a URL's query string.
    pub(super) fn of_url(query: Option<&str>) -> Self {
        Self(pairs(query.unwrap_or_default().as_bytes()).collect())
    }

    /// Adds those of an `application/x-www-form-urlencoded` body, which count before those of the URL, as in Go.
    pub(super) fn prefer_form(&mut self, form: &[u8]) {
        self.0.splice(..0, pairs(form));
    }

    pub(super) fn prefer(&mut self, name: String, value: String) {
        self.0.insert(0, (name, value));
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The value; empty where the parameter is missing.
    pub(super) fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }
}

/// A pair that is wrongly escaped, or that has a semicolon, is skipped, as Go does.
fn pairs(query: &[u8]) -> impl Iterator<Item = (String, String)> {
    let pairs = query.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
    pairs.filter(|pair| !pair.contains(&b';')).filter_map(|pair| {
        let equals = pair.iter().position(|byte| *byte == b'=');
        let (name, value) = match equals {
            Some(at) => (&pair[..at], &pair[at + 1..]),
            None => (pair, &[][..]),
        };
        Some((unescaped(name)?, unescaped(value)?))
    })
}

fn unescaped(text: &[u8]) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => 16 * hexadecimal(*rest.next()?)? + hexadecimal(*rest.next()?)?,
            other => *other,
        });
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn hexadecimal(digit: u8) -> Option<u8> {
    let value = char::from(digit).to_digit(16)?;
    u8::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_unescaped_and_the_first_of_a_name_counts() {
        let parameters =
            Parameters::of_url(Some("q=SHOW+%22a%2Bb%22&db=one&db=two&empty=&bare&bad=%zz&a;b=1"));
        let table = [
            ("q", Some("SHOW \"a+b\"")),
            ("db", Some("one")),
            ("empty", Some("")),
            ("bare", Some("")),
            ("bad", None),
            ("a;b", None),
            ("missing", None),
        ];
        for (name, expected) in table {
            assert_eq!(parameters.get(name), expected, "{name}");
        }
    }

    #[test]
    fn the_form_counts_before_the_url() {
        let mut parameters = Parameters::of_url(Some("db=url&epoch=s"));
        parameters.prefer_form(b"db=form&q=%c3%a9");
        assert_eq!(
            [
                parameters.text("db"),
                parameters.text("epoch"),
                parameters.text("q")
            ],
            ["form", "s", "é"]
        );
    }
}
