//! `xs:duration` as far as WS-Management uses it. Units are explicit: [`Duration`] in and out.

use std::time::Duration;

/// Writes seconds with three places, as Windows does: `PT20.000S`.
#[must_use]
pub fn to_text(duration: Duration) -> String {
    format!("PT{}.{:03}S", duration.as_secs(), duration.subsec_millis())
}

/// Reads days, hours, minutes and seconds; fractions of a nanosecond are cut. Years, months and signs are not read, for
/// they have no length of their own or no meaning here.
#[must_use]
pub fn parse(text: &str) -> Option<Duration> {
    let rest = text.trim_ascii().strip_prefix('P')?;
    let (date, time) = match rest.split_once('T') {
        Some((_, "")) => return None,
        Some((date, time)) => (date, time),
        None => (rest, ""),
    };
    if date.is_empty() && time.is_empty() {
        return None;
    }
    let days = parts(date, &[('D', 86_400)])?;
    let clock = parts(time, &[('H', 3_600), ('M', 60), ('S', 1)])?;
    days.checked_add(clock)
}

/// Sums numbers followed by their unit, each unit at most once and in this order.
fn parts(text: &str, units: &[(char, u64)]) -> Option<Duration> {
    let mut rest = text;
    let mut sum = Duration::ZERO;
    for &(unit, seconds) in units {
        if let Some((number, after)) = rest.split_once(unit) {
            sum = sum.checked_add(amount(number, seconds)?)?;
            rest = after;
        }
    }
    rest.is_empty().then_some(sum)
}

fn amount(number: &str, unit: u64) -> Option<Duration> {
    let (whole, fraction) = number.split_once('.').map_or((number, None), |(whole, fraction)| (whole, Some(fraction)));
    if whole.is_empty() || !whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let whole = Duration::from_secs(whole.parse::<u64>().ok()?.checked_mul(unit)?);
    let Some(fraction) = fraction else { return Some(whole) };
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits: String = fraction.chars().chain(std::iter::repeat('0')).take(9).collect();
    let nanoseconds = digits.parse::<u64>().ok()?.checked_mul(unit)?;
    whole.checked_add(Duration::from_nanos(nanoseconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_usual_forms_are_read() {
        for (text, milliseconds) in [
            ("PT20.000S", 20_000),
            ("PT0S", 0),
            ("P0DT0H0M5S", 5_000),
            ("PT2H", 7_200_000),
            ("P1D", 86_400_000),
            ("P1DT1M0.5S", 86_460_500),
            (" PT1.5M ", 90_000),
            ("PT7200.000S", 7_200_000),
        ] {
            assert_eq!(parse(text), Some(Duration::from_millis(milliseconds)), "{text}");
        }
    }

    #[test]
    fn other_forms_are_not() {
        for text in
            ["", "P", "PT", "20", "-PT1S", "P1Y", "P1M", "PT1", "PTS", "PT.5S", "PT1.S", "PT1S1M", "PT1S2S", "pt1s"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse("PT99999999999999999999S"), None);
        assert_eq!(parse("P18446744073709551615D"), None);
    }

    proptest! {
        #[test]
        fn milliseconds_survive(milliseconds in 0..u64::from(u32::MAX)) {
            let duration = Duration::from_millis(milliseconds);
            prop_assert_eq!(parse(&to_text(duration)), Some(duration));
        }

        #[test]
        fn any_text_is_judged(text in "[PTDHMS0-9.]{0,24}") {
            let _ = parse(&text);
        }
    }
}
