//! Where a line ends: a newline within a quoted field value does not end it. Judges nothing.

/// The offset of the newline that ends the line starting at `start`, or of the end of the body.
pub(super) fn end_of_line(body: &[u8], start: usize) -> usize {
    let mut at = start;
    let mut quoted = false;
    let mut in_fields = false;
    let (mut equals, mut commas) = (0_usize, 0_usize);
    while at < body.len() {
        match body[at] {
            b'\\' if at + 2 < body.len() => at += 1,
            b'\n' if !quoted => break,
            b' ' => in_fields = true,
            b'=' if in_fields && !quoted => equals += 1,
            b',' if in_fields && !quoted => commas += 1,
            b'"' if in_fields && equals > commas => quoted = !quoted,
            _ => {}
        }
        at += 1;
    }
    at
}

/// The offset of the next newline, quoted or not, or of the end of the body.
pub(super) fn next_newline(body: &[u8], start: usize) -> usize {
    memchr::memchr(b'\n', &body[start..]).map_or(body.len(), |offset| start + offset)
}

/// What a line may begin with without meaning.
pub(super) fn skip_blanks(text: &[u8], start: usize) -> usize {
    let blanks = text[start..]
        .iter()
        .take_while(|byte| matches!(byte, b' ' | b'\t' | 0));
    start + blanks.count()
}
