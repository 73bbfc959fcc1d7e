//! The escaping of code units in text: `_xHHHH_`. [MS-PSRP] section 2.2.5.3.2

use safe_xml::{Piece, escape_text};

use crate::PsString;
use crate::string::{Builder, Part};

/// The longest escape without its last character: `_x` and eight digits.
const LONGEST: usize = 10;

/// Undoes the escaping, piece by piece: `_x` or `_X`, four or eight hexadecimal digits, `_`; anything else stays as it
/// is. An escape may go on in the next piece.
#[derive(Default)]
pub(crate) struct Unescaper {
    text: Builder,
    /// The beginning of what may be an escape.
    begun: [u8; LONGEST],
    length: usize,
}

impl Unescaper {
    /// Takes the next run of text or character reference.
    pub(crate) fn push(&mut self, piece: &Piece<'_>) {
        match piece {
            Piece::Text(text) => self.push_str(text),
            Piece::Code(code) => match u8::try_from(*code) {
                Ok(byte) if byte.is_ascii() => self.push_byte(byte),
                _ => {
                    self.give_up();
                    self.text.push_code(*code);
                }
            },
        }
    }

    fn push_str(&mut self, text: &str) {
        self.text.reserve(text.len());
        let mut rest = text;
        while !rest.is_empty() {
            if self.length == 0 {
                let (plain, after) = rest.find('_').map_or((rest, ""), |at| rest.split_at(at));
                self.text.push_str(plain);
                rest = after;
            }
            let mut characters = rest.chars();
            let Some(character) = characters.next() else { return };
            match u8::try_from(character) {
                Ok(byte) if byte.is_ascii() => {
                    self.push_byte(byte);
                    rest = characters.as_str();
                }
                // It is looked at again as plain text.
                _ => {
                    self.give_up();
                    self.text.push_code(character.into());
                    rest = characters.as_str();
                }
            }
        }
    }

    fn push_byte(&mut self, byte: u8) {
        if byte == b'_' && matches!(self.length, 6 | LONGEST) && self.complete() {
            return;
        }
        let fits = match self.length {
            0 => byte == b'_',
            1 => matches!(byte, b'x' | b'X'),
            LONGEST => false,
            _ => byte.is_ascii_hexdigit(),
        };
        if !fits {
            self.give_up();
            if byte != b'_' {
                return self.text.push_code(byte.into());
            }
        }
        if let Some(place) = self.begun.get_mut(self.length) {
            *place = byte;
            self.length = self.length.saturating_add(1);
        }
    }

    /// Writes the character of a whole escape; `false` when its number is none.
    fn complete(&mut self) -> bool {
        let digits = self.begun.get(2..self.length).and_then(|digits| std::str::from_utf8(digits).ok());
        let code = match digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()) {
            Some(code @ 0..=0x0010_ffff) => code,
            // As .NET reads it.
            Some(u32::MAX) => 0xffff,
            _ => return false,
        };
        self.length = 0;
        self.text.push_code(code);
        true
    }

    /// What has begun is no escape.
    fn give_up(&mut self) {
        let begun = self.begun.get(..self.length).and_then(|begun| std::str::from_utf8(begun).ok());
        self.text.push_str(begun.unwrap_or_default());
        self.length = 0;
    }

    pub(crate) fn finish(mut self) -> PsString {
        self.give_up();
        self.text.finish()
    }
}

/// Undoes the escaping of a whole text.
pub(crate) fn unescape(text: &str) -> PsString {
    let mut unescaper = Unescaper::default();
    unescaper.push_str(text);
    unescaper.finish()
}

/// Writes text with every code unit escaped that XML or PowerShell's reader would not keep. U+FFFE and U+FFFF are
/// escaped too: PowerShell reads that, and the references that it writes itself are not XML.
pub(crate) fn escape(text: &PsString, to: &mut Vec<u8>) {
    for part in text.parts() {
        match part {
            Part::Lone(unit) => escape_unit(unit, to),
            Part::Text(text) => {
                let mut rest = text;
                while let Some((at, character)) = next_special(rest) {
                    let (plain, after) = rest.split_at_checked(at).unwrap_or((rest, ""));
                    escape_text(plain, to);
                    character.encode_utf16(&mut [0; 2]).iter().for_each(|unit| escape_unit(*unit, to));
                    rest = after.get(character.len_utf8()..).unwrap_or_default();
                }
                escape_text(rest, to);
            }
        }
    }
}

/// The first character that is escaped, and where.
fn next_special(text: &str) -> Option<(usize, char)> {
    let bytes = text.as_bytes();
    let mut at: usize = 0;
    loop {
        // The first byte of all that may be special: controls, `_`, DEL, U+0080 to U+009F, U+FFFE, astral characters.
        let rest = bytes.get(at..)?;
        at = at.saturating_add(rest.iter().position(|b| matches!(b, 0..=0x1f | b'_' | 0x7f | 0xc2 | 0xef..))?);
        let mut characters = text.get(at..)?.chars();
        let character = characters.next()?;
        let special = match character {
            '_' => characters.as_str().starts_with(['x', 'X']),
            '\0'..='\x1f' | '\x7f'..='\u{9f}' | '\u{fffe}'..='\u{ffff}' | '\u{10000}'.. => true,
            _ => false,
        };
        if special {
            return Some((at, character));
        }
        at = at.saturating_add(character.len_utf8());
    }
}

fn escape_unit(unit: u16, to: &mut Vec<u8>) {
    to.extend_from_slice(format!("_x{unit:04X}_").as_bytes());
}
