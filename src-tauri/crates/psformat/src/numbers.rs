//! Numbers, dates and spans as PowerShell writes them for people, in the culture en-US.

use clixml::{DateTime, Decimal, TimeSpan};

/// The narrow blank that stands before AM and PM since .NET 8.
const BEFORE_NOON: char = '\u{202f}';

/// A Double with at most 15 digits, the way that PowerShell converts it to text.
pub(crate) fn double(value: f64) -> String {
    general(value, 15)
}

/// A Single with at most 7 digits.
pub(crate) fn single(value: f32) -> String {
    general(f64::from(value), 7)
}

/// .NET's format `G` with this many digits.
fn general(value: f64, precision: usize) -> String {
    if let Some(word) = word(value) {
        return word.to_owned();
    }
    if value == 0.0 {
        return if value.is_sign_negative() { "-0" } else { "0" }.to_owned();
    }
    let scientific = format!("{value:.*e}", precision.saturating_sub(1));
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let digits: String = mantissa.chars().filter(|c| *c != '.').collect();
    let digits = digits.trim_end_matches('0');
    let digits = if digits.is_empty() { "0" } else { digits };
    let places = i32::try_from(precision).unwrap_or(i32::MAX);
    if exponent <= -5 || exponent >= places {
        let (first, rest) = digits.split_at_checked(1).unwrap_or((digits, ""));
        let point = if rest.is_empty() { "" } else { "." };
        let mark = if exponent < 0 { '-' } else { '+' };
        return format!("{sign}{first}{point}{rest}E{mark}{:02}", exponent.unsigned_abs());
    }
    if exponent < 0 {
        let zeros = usize::try_from(exponent.saturating_neg().saturating_sub(1)).unwrap_or(0);
        return format!("{sign}0.{}{digits}", "0".repeat(zeros));
    }
    let whole = usize::try_from(exponent).unwrap_or(0).saturating_add(1);
    match digits.split_at_checked(whole) {
        Some((whole, "")) => format!("{sign}{whole}"),
        Some((whole, fraction)) => format!("{sign}{whole}.{fraction}"),
        None => format!("{sign}{digits:0<whole$}"),
    }
}

fn word(value: f64) -> Option<&'static str> {
    if value.is_nan() {
        Some("NaN")
    } else if value.is_infinite() {
        Some(if value > 0.0 { "∞" } else { "-∞" })
    } else {
        None
    }
}

/// .NET's format `F` of a Double: three places.
pub(crate) fn fixed(value: f64) -> String {
    word(value).map_or_else(|| places(value, 3), str::to_owned)
}

/// This many places; halves are rounded away from zero, by the exact value.
fn places(value: f64, count: usize) -> String {
    // Rust rounds halves to even; only an exact half is another one, and its next digits are a five and zeros.
    let exact = format!("{value:.*}", count.saturating_add(30));
    let keep = exact.len().saturating_sub(30);
    let (kept, rest) = exact.split_at_checked(keep).unwrap_or((&exact, ""));
    if rest.starts_with('5') && rest.bytes().skip(1).all(|b| b == b'0') { up(kept) } else { format!("{value:.count$}") }
}

/// Adds one to the last digit of a number with places.
fn up(text: &str) -> String {
    let mut digits: Vec<u8> = text.bytes().collect();
    for digit in digits.iter_mut().rev() {
        match digit {
            b'9' => *digit = b'0',
            b'0'..=b'8' => {
                *digit = digit.saturating_add(1);
                return String::from_utf8(digits).unwrap_or_default();
            }
            _ => {}
        }
    }
    let text = String::from_utf8(digits).unwrap_or_default();
    match text.strip_prefix('-') {
        Some(rest) => format!("-1{rest}"),
        None => format!("1{text}"),
    }
}

/// .NET's format `F` of a Decimal: three places.
pub(crate) fn fixed_decimal(value: Decimal) -> String {
    let scale = u32::from(value.scale());
    let digits = value.digits();
    let thousandths = match scale {
        0..=3 => digits.saturating_mul(10_u128.pow(3_u32.saturating_sub(scale))),
        _ => {
            // A Decimal has 28 places at most.
            let unit = 10_u128.saturating_pow(scale.saturating_sub(3));
            let up = digits.checked_rem(unit).is_some_and(|rest| rest >= unit / 2);
            digits.checked_div(unit).unwrap_or(0).saturating_add(u128::from(up))
        }
    };
    let sign = if value.is_negative() && thousandths > 0 { "-" } else { "" };
    format!("{sign}{}.{:03}", thousandths / 1000, thousandths % 1000)
}

/// .NET's format `N2`: two places and commas.
pub(crate) fn grouped(value: f64, count: usize) -> String {
    if let Some(word) = word(value) {
        return word.to_owned();
    }
    let text = places(value, count);
    let (sign, text) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("-", rest));
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && whole.len().saturating_sub(index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{grouped}{point}{fraction}")
}

const TICKS: u64 = 10_000_000;
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// A date in parts.
pub(crate) struct Parts {
    pub(crate) year: u32,
    pub(crate) month: u32,
    pub(crate) day: u32,
    pub(crate) hour: u32,
    pub(crate) minute: u32,
    pub(crate) second: u32,
    /// From Monday, which is 0
    pub(crate) weekday: usize,
}

pub(crate) fn parts(value: DateTime) -> Parts {
    // The text is `yyyy-mm-ddThh:mm:ss…`.
    let text = value.to_string();
    let number = |from: usize, to: usize| text.get(from..to).and_then(|part| part.parse().ok()).unwrap_or(0);
    let days = u64::try_from(value.ticks()).unwrap_or(0) / (TICKS * 86_400);
    // 1 January of the year 1 was a Monday.
    let weekday = usize::try_from(days % 7).unwrap_or(0);
    Parts {
        year: number(0, 4),
        month: number(5, 7),
        day: number(8, 10),
        hour: number(11, 13),
        minute: number(14, 16),
        second: number(17, 19),
        weekday,
    }
}

pub(crate) fn day_name(weekday: usize) -> &'static str {
    DAYS.get(weekday).copied().unwrap_or_default()
}

/// The day of the year, from 1.
pub(crate) fn day_of_year(parts: &Parts) -> u32 {
    const BEFORE: [u32; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let month = usize::try_from(parts.month).unwrap_or(1).saturating_sub(1);
    let leap = parts.year.is_multiple_of(4) && (!parts.year.is_multiple_of(100) || parts.year.is_multiple_of(400));
    let extra = u32::from(leap && parts.month > 2);
    BEFORE.get(month).copied().unwrap_or(0).saturating_add(parts.day).saturating_add(extra)
}

fn clock(hour: u32, minute: u32, second: u32) -> String {
    let half = if hour < 12 { "AM" } else { "PM" };
    let hour = match hour % 12 {
        0 => 12,
        other => other,
    };
    format!("{hour}:{minute:02}:{second:02}{BEFORE_NOON}{half}")
}

/// `5/6/2024 7:08:09 AM`
pub(crate) fn date_time(value: DateTime) -> String {
    let Parts { year, month, day, hour, minute, second, .. } = parts(value);
    format!("{month}/{day}/{year:04} {}", clock(hour, minute, second))
}

/// `Monday, May 6, 2024` and `7:08:09 AM`
pub(crate) fn long_date_time(value: DateTime) -> (String, String) {
    let Parts { year, month, day, hour, minute, second, weekday } = parts(value);
    let month = MONTHS.get(usize::try_from(month).unwrap_or(0).saturating_sub(1)).copied().unwrap_or_default();
    (format!("{}, {month} {day}, {year:04}", day_name(weekday)), clock(hour, minute, second))
}

/// `5/6/2024 07:08`, as lists of files have it
pub(crate) fn file_time(value: DateTime) -> String {
    let Parts { year, month, day, hour, minute, .. } = parts(value);
    format!("{month}/{day}/{year:04} {hour:02}:{minute:02}")
}

/// `5/6/2024  7:08 AM` in columns, as lists of files have it on Windows
pub(crate) fn file_time_windows(value: DateTime) -> String {
    let Parts { year, month, day, hour, minute, second, .. } = parts(value);
    let time = clock(hour, minute, second);
    let (before, half) = time.split_once(BEFORE_NOON).unwrap_or((&time, ""));
    let short = before.rsplit_once(':').map_or(before, |(short, _)| short);
    format!("{:>10} {:>8}", format!("{month}/{day}/{year:04}"), format!("{short}{BEFORE_NOON}{half}"))
}

/// `May 06 07:08`
pub(crate) fn short_time(value: DateTime) -> String {
    let Parts { month, day, hour, minute, .. } = parts(value);
    let name = MONTHS.get(usize::try_from(month).unwrap_or(0).saturating_sub(1)).copied().unwrap_or_default();
    format!("{} {day:02} {hour:02}:{minute:02}", name.get(..3).unwrap_or(name))
}

/// A span as `[-][days.]hh:mm:ss[.fffffff]`
pub(crate) fn time_span(value: TimeSpan) -> String {
    let ticks = value.ticks.unsigned_abs();
    let (seconds, fraction) = (ticks / TICKS, ticks % TICKS);
    let (days, seconds) = (seconds / 86_400, seconds % 86_400);
    let sign = if value.ticks < 0 { "-" } else { "" };
    let days = if days > 0 { format!("{days}.") } else { String::new() };
    let fraction = if fraction > 0 { format!(".{fraction:07}") } else { String::new() };
    format!("{sign}{days}{:02}:{:02}:{:02}{fraction}", seconds / 3_600, seconds % 3_600 / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_fifteen_digits_or_three_places() {
        for (value, general, fixed_text) in [
            (1.0 / 3.0, "0.333333333333333", "0.333"),
            (1e20, "1E+20", "100000000000000000000.000"),
            (0.000_01, "1E-05", "0.000"),
            (0.062_5, "0.0625", "0.063"),
            (-1.5, "-1.5", "-1.500"),
            (123_456_789_012_345.0, "123456789012345", "123456789012345.000"),
            (f64::NEG_INFINITY, "-∞", "-∞"),
        ] {
            assert_eq!((double(value).as_str(), fixed(value).as_str()), (general, fixed_text));
        }
        assert_eq!(fixed_decimal(Decimal::parse("-0.0005").unwrap_or_else(|| unreachable!())), "-0.001");
        assert_eq!(grouped(1_234_567.891, 2), "1,234,567.89");
        assert_eq!(up("-9.99"), "-10.00");
    }
}
