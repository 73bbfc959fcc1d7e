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

/// The code of `&name;`: one of the five entities or a character reference, in decimal or hexadecimal; any number up to
/// 0x10FFFF, surrogates and non-characters among them.
#[must_use]
pub fn character_reference(name: &str) -> Option<u32> {
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
