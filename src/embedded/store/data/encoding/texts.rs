//! Texts of one block: each different text once, and which of them each value is.

use std::collections::HashMap;
use std::sync::Arc;

use super::Undecodable;
use super::integers;
use super::varint::{Bytes, put_unsigned};

pub(super) fn encode(texts: &[Arc<str>], out: &mut Vec<u8>) -> Result<(), Undecodable> {
    let mut places: HashMap<&str, i64> = HashMap::new();
    let mut different: Vec<&str> = Vec::new();
    let mut indices = Vec::with_capacity(texts.len());
    for text in texts {
        let next = different.len() as i64;
        let place = *places.entry(text).or_insert(next);
        if place == next {
            different.push(text);
        }
        indices.push(place);
    }
    put_unsigned(different.len() as u64, out);
    for text in different {
        put_unsigned(text.len() as u64, out);
        out.extend_from_slice(text.as_bytes());
    }
    integers::encode(&indices, out)
}

/// Appends `count` texts.
pub(super) fn decode(
    mut bytes: Bytes<'_>,
    count: usize,
    into: &mut Vec<Arc<str>>,
) -> Result<(), Undecodable> {
    let mut different: Vec<Arc<str>> = Vec::new();
    for _ in 0..bytes.size()? {
        let length = bytes.size()?;
        let text = std::str::from_utf8(bytes.take(length)?).or(Err(Undecodable))?;
        different.push(text.into());
    }
    let mut indices = vec![0; count];
    integers::decode(bytes, &mut indices)?;
    for index in indices {
        let text = usize::try_from(index).ok().and_then(|index| different.get(index));
        into.push(Arc::clone(text.ok_or(Undecodable)?));
    }
    Ok(())
}
