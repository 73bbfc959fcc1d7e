//! Dates and durations in ticks of 100 ns.

use std::fmt;

use time::{Date, Month};

/// Ticks in a second.
const SECOND: i64 = 10_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// The Julian day of 1 January of the year 1, the first day of .NET's calendar.
const FIRST_DAY: i64 = 1_721_426;
/// The last tick of the year 9999.
const LAST_TICK: i64 = 3_155_378_975_999_999_999;

/// A `DateTime`: a reading of a clock and what is known about its zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DateTime {
    /// The clock's reading in ticks since 0001-01-01T00:00:00.
    ticks: i64,
    /// The zone of the clock.
    pub zone: Zone,
}

/// What is known about the zone of a clock reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Zone {
    /// Nothing. .NET's kind Unspecified
    Unspecified,
    /// It is UTC. .NET's kind Utc
    Utc,
    /// It is this many minutes ahead of UTC. .NET's kind Local
    Offset(i16),
}

/// A `TimeSpan`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct TimeSpan {
    /// The length in ticks of 100 ns.
    pub ticks: i64,
}

impl DateTime {
    /// The reading in ticks since the first moment of the year 1, and its zone; `None` outside the years 1 to 9999.
    #[must_use]
    pub fn from_ticks(ticks: i64, zone: Zone) -> Option<Self> {
        (0..=LAST_TICK).contains(&ticks).then_some(Self { ticks, zone })
    }

    /// A moment of UTC in seconds and nanoseconds since 1970.
    #[must_use]
    pub fn from_unix(seconds: i64, nanoseconds: u32) -> Option<Self> {
        let ticks =
            seconds.checked_add(62_135_596_800)?.checked_mul(SECOND)?.checked_add(i64::from(nanoseconds / 100))?;
        Self::from_ticks(ticks, Zone::Utc)
    }

    /// The clock's reading in ticks since the first moment of the year 1.
    #[must_use]
    pub fn ticks(self) -> i64 {
        self.ticks
    }

    /// Reads the text of a `DT` element: date, `T`, time with seconds, any number of fraction digits, and a zone. As
    /// .NET does, it also reads a date alone and the shorter forms of XML Schema: a year, a year and month, and
    /// (in the year 1904) `--MM-DD`, `--MM`, `---DD`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (date, rest) = split_date(text)?;
        let (clock, zone) = split_zone(rest)?;
        let time = match clock.strip_prefix('T') {
            Some(time) if text.len().checked_sub(rest.len()) == Some(10) => parse_clock(time)?,
            None if clock.is_empty() => 0,
            _ => return None,
        };
        let (year, month, day) = date;
        let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
        let date = Date::from_calendar_date(i32::from(year), month, u8::try_from(day).ok()?).ok()?;
        let days = i64::from(date.to_julian_day()).checked_sub(FIRST_DAY).filter(|days| *days >= 0)?;
        Self::from_ticks(days.checked_mul(DAY)?.checked_add(time)?, zone)
    }
}

/// Year, month and day at the start of a text, and what follows.
fn split_date(text: &str) -> Option<((u16, u16, u16), &str)> {
    /// Each form by its shape: what is not there is that of 1 January 1904, the first leap year of the century.
    const FORMS: [&str; 6] = ["yyyy-mm-dd", "yyyy-mm", "yyyy", "---dd", "--mm-dd", "--mm"];
    FORMS.iter().find_map(|form| {
        let (date, rest) = text.split_at_checked(form.len())?;
        if rest.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let (mut year, mut month, mut day) = (0, 0, 0);
        for (byte, kind) in date.bytes().zip(form.bytes()) {
            let part = match kind {
                b'y' => &mut year,
                b'm' => &mut month,
                b'd' => &mut day,
                _ if byte == kind => continue,
                _ => return None,
            };
            let digit = byte.is_ascii_digit().then(|| byte.checked_sub(b'0'))??;
            *part = u16::checked_mul(*part, 10)?.checked_add(u16::from(digit))?;
        }
        let given = |letter: char, part: u16, other: u16| if form.contains(letter) { part } else { other };
        Some(((given('y', year, 1904), given('m', month, 1), given('d', day, 1)), rest))
    })
}

/// Splits the zone from the end of a date or time.
fn split_zone(text: &str) -> Option<(&str, Zone)> {
    if let Some(before) = text.strip_suffix('Z') {
        return Some((before, Zone::Utc));
    }
    let Some(at) = text.rfind(['+', '-']) else { return Some((text, Zone::Unspecified)) };
    let (before, offset) = text.split_at_checked(at)?;
    // No zone is further than 14 hours ahead, but .NET reads any number of two digits.
    let (hours, minutes) = offset.get(1..)?.split_once(':')?;
    let digits = |text: &str| text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(hours) || !digits(minutes) {
        return None;
    }
    let (hours, minutes) = (hours.parse::<i16>().ok()?, minutes.parse::<i16>().ok()?);
    if !(0..=99).contains(&hours) || !(0..60).contains(&minutes) {
        return None;
    }
    let total = hours.checked_mul(60)?.checked_add(minutes)?;
    let total = if offset.starts_with('-') { total.checked_neg()? } else { total };
    Some((before, Zone::Offset(total)))
}

/// `HH:mm:ss[.f…]` in ticks; digits after the seventh round.
fn parse_clock(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = whole.split(':');
    let mut part = |limit: i64| {
        let text = parts.next().filter(|text| text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit()))?;
        text.parse::<i64>().ok().filter(|value| *value < limit)
    };
    let (hours, minutes, seconds) = (part(24)?, part(60)?, part(60)?);
    if parts.next().is_some() || (text.contains('.') && fraction.is_empty()) {
        return None;
    }
    let (ticks, next) = fraction_ticks(fraction)?;
    let rounded = if next >= 5 { ticks.checked_add(1)? } else { ticks };
    hours
        .checked_mul(HOUR)?
        .checked_add(minutes.checked_mul(MINUTE)?)?
        .checked_add(seconds.checked_mul(SECOND)?)?
        .checked_add(rounded)
}

/// The first seven digits of a fraction as ticks, and the eighth digit.
fn fraction_ticks(digits: &str) -> Option<(i64, u8)> {
    let mut ticks: i64 = 0;
    let mut scale = SECOND;
    let mut next = 0;
    for (index, digit) in digits.bytes().enumerate() {
        if !digit.is_ascii_digit() {
            return None;
        }
        let digit = digit.checked_sub(b'0')?;
        if index < 7 {
            scale = scale.checked_div(10)?;
            ticks = ticks.checked_add(scale.checked_mul(i64::from(digit))?)?;
        } else if index == 7 {
            next = digit;
        }
    }
    Some((ticks, next))
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = self.ticks.div_euclid(DAY);
        let rest = self.ticks.rem_euclid(DAY);
        let day = days.checked_add(FIRST_DAY).and_then(|day| i32::try_from(day).ok()).ok_or(fmt::Error)?;
        let date = Date::from_julian_day(day).map_err(|_| fmt::Error)?;
        let month = u8::from(date.month());
        write!(f, "{:04}-{month:02}-{:02}T", date.year(), date.day())?;
        let (hours, minutes, seconds) = (
            rest.div_euclid(HOUR),
            rest.rem_euclid(HOUR).div_euclid(MINUTE),
            rest.rem_euclid(MINUTE).div_euclid(SECOND),
        );
        write!(f, "{hours:02}:{minutes:02}:{seconds:02}")?;
        write_fraction(f, rest.rem_euclid(SECOND))?;
        match self.zone {
            Zone::Unspecified => Ok(()),
            Zone::Utc => f.write_str("Z"),
            Zone::Offset(minutes) => {
                let sign = if minutes < 0 { '-' } else { '+' };
                let minutes = minutes.unsigned_abs();
                write!(f, "{sign}{:02}:{:02}", minutes.div_euclid(60), minutes.rem_euclid(60))
            }
        }
    }
}

fn write_fraction(f: &mut fmt::Formatter<'_>, ticks: i64) -> fmt::Result {
    if ticks == 0 {
        return Ok(());
    }
    let digits = format!("{ticks:07}");
    write!(f, ".{}", digits.trim_end_matches('0'))
}

impl TimeSpan {
    /// A span of this many ticks of 100 ns.
    #[must_use]
    pub const fn from_ticks(ticks: i64) -> Self {
        Self { ticks }
    }

    /// Reads the text of a `TS` element, an `xs:duration`. A year counts 365 days and a month 30, as .NET reads them;
    /// digits after the seventh of a fraction are cut.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let text = text.strip_prefix('P')?;
        let (days, clock) = match text.split_once('T') {
            Some((days, clock)) if !clock.is_empty() => (days, clock),
            Some(_) => return None,
            None => (text, ""),
        };
        let mut total: i128 = 0;
        let mut any = false;
        for (text, units) in [
            (days, &[('Y', 365 * DAY), ('M', 30 * DAY), ('D', DAY)]),
            (clock, &[('H', HOUR), ('M', MINUTE), ('S', SECOND)]),
        ] {
            let mut rest = text;
            for (letter, unit) in units {
                let Some((number, after)) = rest.split_once(*letter) else { continue };
                let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
                if (number.contains('.') && (*letter != 'S' || fraction.is_empty()))
                    || whole.is_empty()
                    || !whole.bytes().all(|b| b.is_ascii_digit())
                {
                    return None;
                }
                let whole = i128::from(whole.parse::<i64>().ok()?).checked_mul(i128::from(*unit))?;
                total = total.checked_add(whole)?.checked_add(i128::from(fraction_ticks(fraction)?.0))?;
                any = true;
                rest = after;
            }
            if !rest.is_empty() {
                return None;
            }
        }
        let total = if negative { total.checked_neg()? } else { total };
        any.then_some(Self { ticks: i64::try_from(total).ok()? })
    }
}

impl fmt::Display for TimeSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ticks == 0 {
            return f.write_str("PT0S");
        }
        if self.ticks < 0 {
            f.write_str("-")?;
        }
        let ticks = i128::from(self.ticks).unsigned_abs();
        let part = |unit: i64| u128::from(unit.unsigned_abs());
        let days = ticks.div_euclid(part(DAY));
        let hours = ticks.rem_euclid(part(DAY)).div_euclid(part(HOUR));
        let minutes = ticks.rem_euclid(part(HOUR)).div_euclid(part(MINUTE));
        let seconds = ticks.rem_euclid(part(MINUTE)).div_euclid(part(SECOND));
        let fraction = i64::try_from(ticks.rem_euclid(part(SECOND))).map_err(|_| fmt::Error)?;
        f.write_str("P")?;
        if days > 0 {
            write!(f, "{days}D")?;
        }
        if hours > 0 || minutes > 0 || seconds > 0 || fraction > 0 {
            f.write_str("T")?;
            if hours > 0 {
                write!(f, "{hours}H")?;
            }
            if minutes > 0 {
                write!(f, "{minutes}M")?;
            }
            if seconds > 0 || fraction > 0 {
                write!(f, "{seconds}")?;
                write_fraction(f, fraction)?;
                f.write_str("S")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g3_kind_and_ticks_of_dates_are_kept() {
        for text in [
            "2024-05-06T07:08:09.1234567+02:00",
            "0001-01-01T00:00:00",
            "9999-12-31T23:59:59.9999999Z",
            "2024-02-29T23:00:00-00:30",
            "2024-01-01T00:00:00+14:00",
        ] {
            assert_eq!(DateTime::parse(text).unwrap().to_string(), text);
        }
        for (text, read) in [
            ("2024-05-06T07:08:09+15:00", "2024-05-06T07:08:09+15:00"),
            ("2024-05-06+02:00", "2024-05-06T00:00:00+02:00"),
            ("2024-05", "2024-05-01T00:00:00"),
            ("2024Z", "2024-01-01T00:00:00Z"),
            ("--02-29", "1904-02-29T00:00:00"),
            ("---05", "1904-01-05T00:00:00"),
        ] {
            assert_eq!(DateTime::parse(text).map(|date| date.to_string()).as_deref(), Some(read), "{text}");
        }
        for text in [
            "2024-02-30T00:00:00",
            "2024-05T00:00:00",
            "20245",
            "2024-05-067",
            "2024-01-01T24:00:00",
            "2024-01-01T10:00",
            "24-01-01T00:00:00",
            "x",
        ] {
            assert_eq!(DateTime::parse(text), None, "{text}");
        }
    }

    #[test]
    fn g4_durations_are_written_with_days_as_largest_unit() {
        for (ticks, text) in [
            (0, "PT0S"),
            (100_000_000, "PT10S"),
            (-1, "-PT0.0000001S"),
            (i64::MAX, "P10675199DT2H48M5.4775807S"),
            (i64::MIN, "-P10675199DT2H48M5.4775808S"),
            (DAY, "P1D"),
        ] {
            assert_eq!(TimeSpan { ticks }.to_string(), text);
            assert_eq!(TimeSpan::parse(text), Some(TimeSpan { ticks }));
        }
        assert_eq!(TimeSpan::parse("P1Y2M"), Some(TimeSpan { ticks: (365 + 60) * DAY }));
        assert_eq!(TimeSpan::parse("P"), None);
    }
}
