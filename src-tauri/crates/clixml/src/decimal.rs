//! Decimal numbers of up to 29 digits that keep their trailing zeros.

use std::fmt;

/// .NET's `Decimal`: a 96-bit number and how many of its digits stand after the point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Decimal {
    /// The number in three parts, the lowest first: half the size of a `u128` beside the other fields.
    digits: [u32; 3],
    negative: bool,
    // INVARIANT: at most 28.
    scale: u8,
}

const LIMIT: u128 = 1 << 96;
const MOST_SCALE: u8 = 28;

impl Decimal {
    /// A number from its parts; `None` where .NET could not hold it. Zero has no sign on the wire.
    #[must_use]
    pub fn from_parts(negative: bool, digits: u128, scale: u8) -> Option<Self> {
        let part = |shift: u32| u32::try_from(digits >> shift & u128::from(u32::MAX)).ok();
        (digits < LIMIT && scale <= MOST_SCALE).then_some(Self {
            digits: [part(0)?, part(32)?, part(64)?],
            negative: negative && digits != 0,
            scale,
        })
    }

    /// The digits as a whole number.
    #[must_use]
    pub fn digits(self) -> u128 {
        let [low, middle, high] = self.digits.map(u128::from);
        low | middle << 32 | high << 64
    }

    /// How many of the digits stand after the point, 0 to 28.
    #[must_use]
    pub fn scale(self) -> u8 {
        self.scale
    }

    /// Whether it is below zero.
    #[must_use]
    pub fn is_negative(self) -> bool {
        self.negative
    }

    /// Reads digits with an optional sign and point, no exponent. Digits that do not fit round half to even.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        if (whole.is_empty() && fraction.is_empty())
            || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit())
        {
            return None;
        }
        let mut digits: u128 = 0;
        let mut scale: u8 = 0;
        let mut rest = whole.bytes().map(|b| (b, false)).chain(fraction.bytes().map(|b| (b, true))).peekable();
        while let Some((byte, after_point)) = rest.peek().copied() {
            let digit = u128::from(byte.checked_sub(b'0')?);
            let Some(longer) = digits
                .checked_mul(10)?
                .checked_add(digit)
                .filter(|value| *value < LIMIT && !(after_point && scale == MOST_SCALE))
            else {
                break;
            };
            digits = longer;
            if after_point {
                scale = scale.checked_add(1)?;
            }
            rest.next();
        }
        let left: Vec<(u8, bool)> = rest.collect();
        if left.iter().any(|(_, after_point)| !after_point) {
            return None;
        }
        if let Some(((first, _), others)) = left.split_first() {
            let half = *first == b'5' && others.iter().all(|(b, _)| *b == b'0');
            if *first > b'5' || (*first == b'5' && (!half || digits & 1 == 1)) {
                digits = digits.checked_add(1)?;
            }
        }
        Self::from_parts(negative, digits, scale)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = usize::from(self.scale);
        let digits = format!("{:0width$}", self.digits(), width = scale.saturating_add(1));
        let point = digits.len().saturating_sub(scale);
        let (whole, fraction) = digits.split_at_checked(point).ok_or(fmt::Error)?;
        let sign = if self.negative { "-" } else { "" };
        if fraction.is_empty() { write!(f, "{sign}{whole}") } else { write!(f, "{sign}{whole}.{fraction}") }
    }
}

#[cfg(test)]
mod tests {
    use super::Decimal;

    #[test]
    fn trailing_zeros_and_the_extremes_are_kept() {
        for text in ["0", "0.00", "1.00", "-1.5", "79228162514264337593543950335", "0.0000000000000000000000000001"] {
            assert_eq!(Decimal::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Decimal::parse("-0.0").unwrap().to_string(), "0.0");
        assert_eq!(Decimal::parse("79228162514264337593543950336"), None);
        assert_eq!(Decimal::parse("1E5"), None);
        assert_eq!(
            Decimal::parse("0.00000000000000000000000000005").unwrap().to_string(),
            "0.0000000000000000000000000000"
        );
    }
}
