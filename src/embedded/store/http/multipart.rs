//! `multipart/form-data` bodies, which `curl -F 'q=@queries.txt'` sends: names and contents of their parts.

/// The parts of `body` with their names; `None` where `content_type` is another or names no boundary.
pub(super) fn fields(content_type: &str, body: &[u8]) -> Option<Vec<(String, String)>> {
    let parameters = content_type.strip_prefix("multipart/form-data")?;
    let boundary = parameter(parameters, "boundary")?;
    let delimiter = format!("--{boundary}");
    let parts = split(body, delimiter.as_bytes());
    Some(parts.into_iter().filter_map(field).collect())
}

/// The value of `; name=value` or `; name="value"`.
fn parameter(text: &str, name: &str) -> Option<String> {
    let mut pairs = text.split(';').filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = pairs.find(|(key, _)| key.eq_ignore_ascii_case(name))?;
    Some(value.trim_matches('"').to_owned())
}

fn split<'a>(body: &'a [u8], delimiter: &[u8]) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    let mut rest = body;
    while let Some(at) = find(rest, delimiter) {
        parts.push(&rest[..at]);
        rest = &rest[at + delimiter.len()..];
    }
    parts
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

/// A part is headers, an empty line, and the content; a line break on both sides belongs to the delimiters.
fn field(part: &[u8]) -> Option<(String, String)> {
    let end = find(part, b"\r\n\r\n")?;
    let headers = std::str::from_utf8(&part[..end]).ok()?;
    let content = part[end + 4..].strip_suffix(b"\r\n")?;
    let disposition = headers.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-disposition").then_some(value)
    })?;
    let name = parameter(disposition, "name")?;
    Some((name, String::from_utf8_lossy(content).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = b"--xx\r\nContent-Disposition: form-data; name=\"db\"\r\n\r\nlab\r\n\
        --xx\r\ncontent-disposition: form-data; name=\"q\"; filename=\"q.txt\"\r\nContent-Type: text/plain\r\n\r\n\
        SHOW DATABASES;\nSHOW USERS\n\r\n--xx--\r\n";

    #[test]
    fn the_parts_of_a_form_have_names_and_contents() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let expected = vec![pair("db", "lab"), pair("q", "SHOW DATABASES;\nSHOW USERS\n")];
        for content_type in [
            "multipart/form-data; boundary=xx",
            "multipart/form-data; charset=utf-8; boundary=\"xx\"",
        ] {
            assert_eq!(fields(content_type, BODY), Some(expected.clone()));
        }
    }

    #[test]
    fn other_bodies_are_no_forms_and_broken_parts_are_left_out() {
        assert_eq!(fields("text/plain", BODY), None);
        assert_eq!(fields("multipart/form-data", BODY), None);
        let broken = b"--xx\r\nno end of headers\r\n--xx\r\n\r\n\r\nno name\r\n--xx--";
        assert_eq!(
            fields("multipart/form-data; boundary=xx", broken),
            Some(Vec::new())
        );
        assert_eq!(fields("multipart/form-data; boundary=", b""), Some(Vec::new()));
    }
}
