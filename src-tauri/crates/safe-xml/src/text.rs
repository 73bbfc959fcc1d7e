//! Text that may hold more than XML characters.

use std::borrow::Cow;

/// A run of the text of an element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Characters.
    Text(Cow<'a, str>),
    /// A character reference: any number up to 0x10FFFF, surrogates and non-characters among them.
    Code(u32),
}

/// The text of an element in pieces.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Pieces<'a> {
    /// No text at all.
    #[default]
    Empty,
    /// One run without references, the common case.
    One(Cow<'a, str>),
    /// Anything else.
    Many(Vec<Piece<'a>>),
}

impl<'a> Pieces<'a> {
    pub(crate) fn push(&mut self, piece: Piece<'a>) {
        *self = match (std::mem::take(self), piece) {
            (Self::Empty, Piece::Text(text)) => Self::One(text),
            (Self::Empty, code) => Self::Many(vec![code]),
            (Self::One(text), piece) => Self::Many(vec![Piece::Text(text), piece]),
            (Self::Many(mut all), piece) => {
                all.push(piece);
                Self::Many(all)
            }
        };
    }
}

/// The code of `&name;`: one of the five entities or a character reference, in decimal or hexadecimal.
pub(crate) fn character_reference(name: &str) -> Option<u32> {
    let code = match name {
        "amp" => u32::from('&'),
        "lt" => u32::from('<'),
        "gt" => u32::from('>'),
        "quot" => u32::from('"'),
        "apos" => u32::from('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let (digits, radix) = match number.strip_prefix(['x', 'X']) {
                Some(digits) => (digits, 16),
                None => (number, 10),
            };
            if digits.starts_with('+') {
                return None;
            }
            u32::from_str_radix(digits, radix).ok()?
        }
    };
    (code <= u32::from(char::MAX)).then_some(code)
}
