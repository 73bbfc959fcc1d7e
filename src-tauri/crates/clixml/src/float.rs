//! Floating-point numbers in PowerShell's spelling.

/// The text of a Double: shortest digits that read back, plain below 1E+17, `INF`, `-INF`, `NaN`.
#[must_use]
pub fn double_text(value: f64) -> String {
    special(value).map_or_else(|| digits_text(&format!("{value:e}"), 16), str::to_owned)
}

/// The text of a Single: as a Double, plain below 1E+09.
#[must_use]
pub fn single_text(value: f32) -> String {
    special(f64::from(value)).map_or_else(|| digits_text(&format!("{value:e}"), 8), str::to_owned)
}

fn special(value: f64) -> Option<&'static str> {
    if value.is_nan() {
        Some("NaN")
    } else if value == f64::INFINITY {
        Some("INF")
    } else if value == f64::NEG_INFINITY {
        Some("-INF")
    } else if value == 0.0 {
        Some(if value.is_sign_negative() { "-0" } else { "0" })
    } else {
        None
    }
}

/// Turns `-1.25e-7` into the spelling of .NET; exponents from −4 up to `largest` are written out.
fn digits_text(scientific: &str, largest: i32) -> String {
    let (sign, rest) = scientific.strip_prefix('-').map_or(("", scientific), |rest| ("-", rest));
    let (mantissa, exponent) = rest.split_once('e').unwrap_or((rest, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let digits = mantissa.replace('.', "");
    if (-5 < exponent) && (exponent <= largest) {
        if exponent < 0 {
            let zeros = usize::try_from(exponent.saturating_neg().saturating_sub(1)).unwrap_or(0);
            return format!("{sign}0.{}{digits}", "0".repeat(zeros));
        }
        let whole = usize::try_from(exponent).unwrap_or(0).saturating_add(1);
        return match digits.split_at_checked(whole) {
            Some((whole, "")) => format!("{sign}{whole}"),
            Some((whole, fraction)) => format!("{sign}{whole}.{fraction}"),
            None => format!("{sign}{digits:0<whole$}"),
        };
    }
    let exponent_sign = if exponent < 0 { '-' } else { '+' };
    format!("{sign}{mantissa}E{exponent_sign}{:02}", exponent.unsigned_abs())
}

/// Reads a Double in any spelling that PowerShell accepts.
pub(crate) fn parse_double(text: &str) -> Option<f64> {
    Some(match text.trim() {
        "INF" | "Infinity" => f64::INFINITY,
        "-INF" | "-Infinity" => f64::NEG_INFINITY,
        "NaN" | "nan" | "NAN" | "-NaN" => f64::NAN,
        text if is_number(text) => text.parse().ok()?,
        _ => return None,
    })
}

/// As [`parse_double`]; the text is rounded once.
pub(crate) fn parse_single(text: &str) -> Option<f32> {
    Some(match text.trim() {
        "INF" | "Infinity" => f32::INFINITY,
        "-INF" | "-Infinity" => f32::NEG_INFINITY,
        "NaN" | "nan" | "NAN" | "-NaN" => f32::NAN,
        text if is_number(text) => text.parse().ok()?,
        _ => return None,
    })
}

/// Keeps out the words that Rust's parser knows and PowerShell does not.
fn is_number(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g2_extremes_are_spelled_as_powershell_spells_them() {
        for (value, text) in [
            (f64::NAN, "NaN"),
            (-0.0, "-0"),
            (1e308, "1E+308"),
            (5e-324, "5E-324"),
            (1e16, "10000000000000000"),
            (1e17, "1E+17"),
            (0.0001, "0.0001"),
            (0.00001, "1E-05"),
            (1.5, "1.5"),
            (51_010_868_861_810_710.0, "51010868861810710"),
        ] {
            assert_eq!(double_text(value), text);
            assert_eq!(parse_double(text).unwrap().to_bits() << 1, value.to_bits() << 1);
        }
        assert_eq!(single_text(1e9), "1E+09");
        assert_eq!(single_text(123_456_790.0), "123456790");
    }
}
