//! Properties of values that are living .NET objects again once they have come over the wire.

use std::borrow::Cow;

use clixml::{Content, DateTime, Object, TimeSpan, Value, Zone};

use crate::{certificates, numbers, object};

pub(crate) type Properties = Vec<(Cow<'static, str>, Value)>;

/// The properties that a value has by its type, in the order of .NET; empty for an object that is only a bag of them.
pub(crate) fn properties(value: &Value) -> Properties {
    match value {
        Value::DateTime(date) => date_time(*date, None),
        Value::TimeSpan(span) => time_span(*span),
        Value::Guid(id) => {
            let part = |byte: usize| id.as_bytes().get(byte).map_or(Value::Null, |byte| i32::from(byte >> 4).into());
            named([("Variant", part(8)), ("Version", part(6)), ("Guid", object::text(value).into())])
        }
        Value::String(text) => named([("Length", i32::try_from(text.units().count()).unwrap_or(i32::MAX).into())]),
        Value::Version(version) => {
            let part = |part: Option<u32>| Value::I32(part.and_then(|part| i32::try_from(part).ok()).unwrap_or(-1));
            let (build, revision) = (part(version.build), part(version.revision));
            let revisions = version.revision.unwrap_or(u32::MAX);
            let half =
                |number: u32| Value::I16(i16::from_ne_bytes(u16::try_from(number & 0xffff).unwrap_or(0).to_ne_bytes()));
            named([
                ("Major", part(Some(version.major))),
                ("Minor", part(Some(version.minor))),
                ("Build", build),
                ("Revision", revision),
                ("MajorRevision", half(revisions >> 16)),
                ("MinorRevision", half(revisions)),
            ])
        }
        Value::Bytes(bytes) => {
            let count = i32::try_from(bytes.len()).unwrap_or(i32::MAX);
            named([
                ("Length", count.into()),
                ("LongLength", Value::I64(count.into())),
                ("Rank", 1.into()),
                ("SyncRoot", value.clone()),
                ("IsReadOnly", false.into()),
                ("IsFixedSize", true.into()),
                ("IsSynchronized", false.into()),
                ("Count", count.into()),
            ])
        }
        Value::Uri(text) => named(crate::address::properties(&text.to_string_lossy())),
        Value::Xml(text) => crate::xml::properties(&text.to_string_lossy()),
        Value::Progress(record) => {
            let text = |text: Option<&clixml::PsString>| text.cloned().map_or(Value::Null, Value::String);
            named([
                ("ActivityId", record.activity_id.into()),
                ("ParentActivityId", record.parent_id.into()),
                ("Activity", Value::String(record.activity.clone())),
                ("StatusDescription", text(record.status.as_ref())),
                ("CurrentOperation", text(record.operation.as_ref())),
                ("PercentComplete", record.percent.into()),
                ("SecondsRemaining", record.seconds.into()),
                ("RecordType", Value::String(record.kind.clone())),
            ])
        }
        Value::Object(object) => of_object(value, object),
        _ => Vec::new(),
    }
}

pub(crate) fn named<const N: usize>(properties: [(&'static str, Value); N]) -> Properties {
    properties.into_iter().map(|(name, value)| (name.into(), value)).collect()
}

/// How a method is called that a column happens to name: rows with a duration, and their sum behind them.
pub(crate) fn method(value: &Value, name: &str) -> Option<&'static str> {
    let span = matches!(value.base(), Value::TimeSpan(_));
    (span && name.eq_ignore_ascii_case("Duration")).then_some("timespan Duration()")
}

fn of_object(value: &Value, object: &Object) -> Properties {
    match &object.content {
        Content::Primitive(_) if object.is_a("System.Enum") => named([("Value", object::text(value).into())]),
        Content::Primitive(Value::DateTime(date)) => {
            // The name of an enum would be a text; what has come over the wire of one is a number.
            let hint = object.get("DisplayHint").filter(|hint| matches!(hint, Value::String(_))).map(object::text);
            date_time(*date, hint)
        }
        Content::Primitive(inside) => properties(inside),
        Content::List(items) | Content::Enumerable(items) => {
            let count = i32::try_from(items.len()).unwrap_or(i32::MAX);
            // It grew by one at a time: from four, by doubling.
            let capacity = if items.is_empty() { 0 } else { items.len().next_power_of_two().max(4) };
            named([
                ("Capacity", i32::try_from(capacity).unwrap_or(i32::MAX).into()),
                ("Count", count.into()),
                ("IsFixedSize", false.into()),
                ("IsReadOnly", false.into()),
                ("IsSynchronized", false.into()),
                ("SyncRoot", value.clone()),
            ])
        }
        Content::Stack(items) | Content::Queue(items) => named([
            ("Count", i32::try_from(items.len()).unwrap_or(i32::MAX).into()),
            ("IsSynchronized", false.into()),
            ("SyncRoot", value.clone()),
        ]),
        Content::Dictionary(entries) => {
            let list = |items: Vec<Value>| Value::from(Object::list(items));
            let keys = list(entries.iter().map(|(key, _)| key.clone()).collect());
            let values = list(entries.iter().map(|(_, value)| value.clone()).collect());
            let count = i32::try_from(entries.len()).unwrap_or(i32::MAX);
            if object::is_ordered(object) {
                return named([
                    ("Count", count.into()),
                    ("IsReadOnly", false.into()),
                    ("Keys", keys),
                    ("Values", values),
                    ("IsFixedSize", false.into()),
                    ("SyncRoot", value.clone()),
                    ("IsSynchronized", false.into()),
                ]);
            }
            named([
                ("IsReadOnly", false.into()),
                ("IsFixedSize", false.into()),
                ("IsSynchronized", false.into()),
                ("Keys", keys),
                ("Values", values),
                ("SyncRoot", value.clone()),
                ("Count", count.into()),
            ])
        }
        Content::None if object.is_a("System.Net.IPAddress") => ip_address(object),
        Content::None if object.is_a("System.Security.Cryptography.X509Certificates.X509Certificate2") => {
            certificates::certificate(object).unwrap_or_default()
        }
        Content::None if object.is_a("System.Security.Cryptography.X509Certificates.X500DistinguishedName") => {
            certificates::name(object).unwrap_or_default()
        }
        Content::None => Vec::new(),
    }
}

/// How many whole units so many ticks are, below the next larger unit.
fn in_unit(ticks: i64, unit: i64, limit: i64) -> Value {
    let units = ticks.checked_div(unit).and_then(|units| units.checked_rem(limit));
    Value::I32(units.and_then(|units| i32::try_from(units).ok()).unwrap_or(0))
}

/// A date with its parts. The text that stands for all of it is what a note wants of it: the date, the time or both.
fn date_time(date: DateTime, hint: Option<String>) -> Properties {
    const DAY: i64 = 864_000_000_000;
    let within = date.ticks() % DAY;
    let whole = |ticks: i64| DateTime::from_ticks(ticks, date.zone).map_or(Value::Null, Value::DateTime);
    let part = |unit: i64, limit: i64| in_unit(within, unit, limit);
    let number = |number: u32| Value::I32(i32::try_from(number).unwrap_or(0));
    let parts = numbers::parts(date);
    let kind = match date.zone {
        Zone::Unspecified => "Unspecified",
        Zone::Utc => "Utc",
        Zone::Offset(_) => "Local",
    };
    let is = |word: &str| hint.as_deref().is_some_and(|hint| hint.eq_ignore_ascii_case(word));
    let text = match numbers::long_date_time(date) {
        (day, _) if is("Date") => day,
        (_, time) if is("Time") => time,
        (day, time) => format!("{day} {time}"),
    };
    named([
        ("Date", whole(date.ticks().saturating_sub(within))),
        ("Day", number(parts.day)),
        ("DayOfWeek", numbers::day_name(parts.weekday).into()),
        ("DayOfYear", number(numbers::day_of_year(&parts))),
        ("Hour", number(parts.hour)),
        ("Kind", kind.into()),
        ("Millisecond", part(10_000, 1_000)),
        ("Microsecond", part(10, 1_000)),
        ("Nanosecond", Value::I32(i32::try_from(within % 10).unwrap_or(0).saturating_mul(100))),
        ("Minute", number(parts.minute)),
        ("Month", number(parts.month)),
        ("Second", number(parts.second)),
        ("Ticks", Value::I64(date.ticks())),
        ("TimeOfDay", Value::TimeSpan(TimeSpan { ticks: within })),
        ("Year", number(parts.year)),
        ("DateTime", text.into()),
    ])
}

fn time_span(span: TimeSpan) -> Properties {
    const SECOND: i64 = 10_000_000;
    let part = |unit: i64, limit: i64| in_unit(span.ticks, unit.saturating_mul(SECOND), limit);
    #[allow(clippy::cast_precision_loss, reason = "as in .NET")]
    let ticks = span.ticks as f64;
    // The largest number of whole milliseconds is the most that it says.
    const MOST: f64 = 922_337_203_685_477.0;
    let rest = |unit: i64, limit: i64| in_unit(span.ticks, unit, limit);
    named([
        ("Ticks", Value::I64(span.ticks)),
        ("Days", part(86_400, i64::MAX)),
        ("Hours", part(3_600, 24)),
        ("Milliseconds", rest(10_000, 1_000)),
        ("Microseconds", rest(10, 1_000)),
        ("Nanoseconds", Value::I32(i32::try_from(span.ticks % 10).unwrap_or(0).saturating_mul(100))),
        ("Minutes", part(60, 60)),
        ("Seconds", part(1, 60)),
        ("TotalDays", Value::Double(ticks / (86_400.0 * 1e7))),
        ("TotalHours", Value::Double(ticks / (3_600.0 * 1e7))),
        ("TotalMilliseconds", Value::Double((ticks / 1e4).clamp(-MOST, MOST))),
        ("TotalMicroseconds", Value::Double(ticks / 10.0)),
        ("TotalNanoseconds", Value::Double(ticks * 100.0)),
        ("TotalMinutes", Value::Double(ticks / (60.0 * 1e7))),
        ("TotalSeconds", Value::Double(ticks / 1e7)),
    ])
}

/// An address with the two properties that can be read only of some.
fn ip_address(object: &Object) -> Properties {
    let text = object.get("IPAddressToString").map(object::text).unwrap_or_default();
    let scope = match text.split_once('%') {
        Some((_, scope)) => scope.parse().map_or(Value::Null, Value::I64),
        None if text.contains(':') => Value::I64(0),
        None => Value::Null,
    };
    let own = |name: &str| object.get(name).cloned().unwrap_or_default();
    named([
        ("AddressFamily", own("AddressFamily")),
        ("ScopeId", scope),
        ("IsIPv6Multicast", own("IsIPv6Multicast")),
        ("IsIPv6LinkLocal", own("IsIPv6LinkLocal")),
        ("IsIPv6SiteLocal", own("IsIPv6SiteLocal")),
        ("IsIPv6Teredo", own("IsIPv6Teredo")),
        ("IsIPv6UniqueLocal", own("IsIPv6UniqueLocal")),
        ("IsIPv4MappedToIPv6", own("IsIPv4MappedToIPv6")),
        ("Address", own("Address")),
        ("IPAddressToString", text.into()),
    ])
}
