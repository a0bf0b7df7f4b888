//! Texts with places that are filled anew for each request, as in `/items/{{counter}}`: the same values for the same seed and the same
//! request, whichever thread sends it; sends nothing.

use std::io::Write as _;

/// A text, taken apart at its places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text {
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Literal(Vec<u8>),
    /// Filled by `fill`; `place` tells it from the request's other places, so that their values are independent.
    Place {
        fill: Fill,
        place: u64,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Fill {
    /// Which request of the schedule it is, from 0.
    Counter,
    /// A whole number, both ends included.
    Random { low: u64, high: u64 },
    /// 16 hexadecimal digits.
    Hex,
    /// One of these.
    Pick(Vec<Vec<u8>>),
}

/// Why a place cannot be filled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no place to fill; there are {{{{counter}}}}, {{{{random 1..1000}}}}, {{{{pick red|green}}}} and {{{{hex}}}}, and --literal \
     sends texts as they stand"
)]
pub(crate) struct PlaceError(String);

/// What a request's values follow from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Draw {
    pub(crate) seed: u64,
    /// Which request of the schedule it is.
    pub(crate) number: u64,
}

impl Draw {
    /// 64 bits that look random, by splitmix64 (Steele, Lea and Flood, 2014) over seed, request and place.
    pub(crate) fn bits(self, place: u64) -> u64 {
        let golden = 0x9e37_79b9_7f4a_7c15_u64;
        let mut state = splitmix(self.seed.wrapping_add(golden));
        state = splitmix(state ^ self.number.wrapping_mul(golden));
        splitmix(state ^ place.wrapping_add(1).wrapping_mul(golden))
    }

    /// A number below `bound`.
    pub(crate) fn below(self, place: u64, bound: u64) -> u64 {
        ((u128::from(self.bits(place)) * u128::from(bound)) >> 64) as u64
    }
}

fn splitmix(state: u64) -> u64 {
    let mut mixed = state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Numbers the places of one request.
#[derive(Debug, Default)]
pub(crate) struct Places {
    count: u64,
    /// Whether texts stand as they are, whatever is in them.
    pub(crate) literal: bool,
}

impl Places {
    /// # Errors
    /// A place of a kind that there is not.
    pub(crate) fn text(&mut self, text: &[u8]) -> Result<Text, PlaceError> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, inside, after)) = split(rest).filter(|_| !self.literal) {
            let inside = String::from_utf8_lossy(inside);
            let fill = fill(inside.trim()).ok_or_else(|| PlaceError(format!("{{{{{inside}}}}}")))?;
            if !before.is_empty() {
                pieces.push(Piece::Literal(before.to_vec()));
            }
            self.count += 1;
            pieces.push(Piece::Place {
                fill,
                place: self.count,
            });
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Literal(rest.to_vec()));
        }
        Ok(Text { pieces })
    }

    /// A text that stands for what was taken apart already: its places have the numbers of the first ones.
    ///
    /// # Errors
    /// A place of a kind that there is not.
    pub(crate) fn at(&self, text: &str) -> Result<Text, PlaceError> {
        let mut again = Self {
            count: 0,
            literal: self.literal,
        };
        again.text(text.as_bytes())
    }

    /// Whether every request is the same.
    pub(crate) fn are_none(&self) -> bool {
        self.count == 0
    }
}

/// What stands before, between and after the first pair of double braces.
fn split(text: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let open = memchr::memmem::find(text, b"{{")?;
    let length = memchr::memmem::find(&text[open + 2..], b"}}")?;
    let close = open + 2 + length;
    Some((&text[..open], &text[open + 2..close], &text[close + 2..]))
}

fn fill(inside: &str) -> Option<Fill> {
    let (name, rest) = inside.split_once(char::is_whitespace).unwrap_or((inside, ""));
    let rest = rest.trim();
    match (name, rest) {
        ("counter", "") => Some(Fill::Counter),
        ("hex", "") => Some(Fill::Hex),
        ("random", range) => {
            let (low, high) = range.split_once("..")?;
            let (low, high) = (low.trim().parse().ok()?, high.trim().parse().ok()?);
            (low <= high && high < u64::MAX).then_some(Fill::Random { low, high })
        }
        ("pick", words) if !words.is_empty() => Some(Fill::Pick(
            words
                .split('|')
                .map(|word| word.trim().as_bytes().to_vec())
                .collect(),
        )),
        _ => None,
    }
}

impl Text {
    /// The same text with what stands between its places put through `change`.
    pub(crate) fn map(&self, change: impl Fn(&[u8]) -> Vec<u8>) -> Self {
        let pieces = self.pieces.iter().map(|piece| match piece {
            Piece::Literal(bytes) => Piece::Literal(change(bytes)),
            place @ Piece::Place { .. } => place.clone(),
        });
        Self {
            pieces: pieces.collect(),
        }
    }

    /// Appends the text as it is in the request of `draw`.
    pub(crate) fn write(&self, draw: Draw, out: &mut Vec<u8>) {
        for piece in &self.pieces {
            match piece {
                Piece::Literal(bytes) => out.extend_from_slice(bytes),
                Piece::Place { fill, place } => fill.write(draw, *place, out),
            }
        }
    }
}

impl Fill {
    fn write(&self, draw: Draw, place: u64, out: &mut Vec<u8>) {
        // Writing to memory cannot fail.
        match self {
            Self::Counter => write!(out, "{}", draw.number).ok(),
            Self::Random { low, high } => write!(out, "{}", low + draw.below(place, high - low + 1)).ok(),
            Self::Hex => write!(out, "{:016x}", draw.bits(place)).ok(),
            Self::Pick(words) => {
                let chosen = draw.below(place, words.len() as u64);
                out.extend_from_slice(&words[chosen as usize]);
                None
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str, number: u64) -> String {
        let text = Places::default().text(text.as_bytes()).unwrap();
        let mut out = Vec::new();
        text.write(Draw { seed: 7, number }, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn each_kind_of_place_is_filled_and_the_rest_stands() {
        assert_eq!(written("/a/{{counter}}?b={{ counter }}&c", 41), "/a/41?b=41&c");
        assert_eq!(written("{\"a\":{\"b\":1}}", 1), "{\"a\":{\"b\":1}}");
        let number: u64 = written("{{random 5..9}}", 3).parse().unwrap();
        assert!((5..=9).contains(&number), "{number}");
        assert!(["red", "green"].contains(&written("{{pick red|green}}", 3).as_str()));
        assert_eq!(written("{{hex}}", 3).len(), 16);
    }

    #[test]
    fn values_follow_from_the_seed_the_request_and_the_place_alone() {
        let text = "{{random 0..1000000}} {{random 0..1000000}}";
        assert_eq!(written(text, 5), written(text, 5));
        assert_ne!(written(text, 5), written(text, 6));
        let both = written(text, 5);
        let (first, second) = both.split_once(' ').unwrap();
        assert_ne!(first, second);
    }

    #[test]
    fn random_numbers_spread_over_their_range() {
        let mut seen = [0_u32; 10];
        for number in 0..10_000 {
            seen[written("{{random 0..9}}", number).parse::<usize>().unwrap()] += 1;
        }
        assert!(seen.iter().all(|count| (850..1150).contains(count)), "{seen:?}");
    }

    #[test]
    fn a_place_of_another_kind_is_refused_unless_texts_stand_as_they_are() {
        for text in ["{{conter}}", "{{random}}", "{{random 9..1}}", "{{pick}}", "{{}}"] {
            let refused = Places::default().text(text.as_bytes()).unwrap_err();
            assert_eq!(refused, PlaceError(text.to_owned()));
        }
        let mut literal = Places {
            literal: true,
            ..Places::default()
        };
        let text = literal.text(b"{{name}}").unwrap();
        assert_eq!(text.pieces, [Piece::Literal(b"{{name}}".to_vec())]);
        assert!(literal.are_none());
    }
}
