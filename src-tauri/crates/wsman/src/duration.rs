//! `xs:duration`, as far as time limits use it.

use std::time::Duration;

/// `PT20.000S`
#[must_use]
pub fn duration_text(duration: Duration) -> String {
    format!("PT{}.{:03}S", duration.as_secs(), duration.subsec_millis())
}

/// Reads `PnDTnHnMn.nS` and its shorter forms; years and months have no fixed length and are refused.
#[must_use]
pub fn parse_duration(text: &str) -> Option<Duration> {
    let text = text.trim().strip_prefix('P')?;
    let (days, clock) = text.split_once('T').unwrap_or((text, ""));
    let mut seconds = 0.0_f64;
    for (text, units) in [(days, &[('D', 86_400.0)][..]), (clock, &[('H', 3_600.0), ('M', 60.0), ('S', 1.0)])] {
        let mut rest = text;
        for (letter, unit) in units {
            if let Some((number, after)) = rest.split_once(*letter) {
                if !number.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
                    return None;
                }
                seconds += number.parse::<f64>().ok()? * unit;
                rest = after;
            }
        }
        if !rest.is_empty() {
            return None;
        }
    }
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_written() {
        assert_eq!(duration_text(Duration::from_millis(20_000)), "PT20.000S");
        for (text, seconds) in [("PT20.000S", 20), ("PT8H", 28_800), ("P1DT1M", 86_460), ("PT0S", 0)] {
            assert_eq!(parse_duration(text), Some(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["20", "P1Y", "PTxS", "-PT1S", "PT1S2"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }
}
