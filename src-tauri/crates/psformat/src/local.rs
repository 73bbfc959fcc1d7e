//! Dates on the clock of whoever reads them: PowerShell turns a moment of another zone into its own local time.

use std::borrow::Cow;

use clixml::{Content, DateTime, Object, Property, Value, Zone};

const SECOND: i64 = 10_000_000;
const MINUTE: i64 = 60 * SECOND;
/// The first second of 1970, from that of the year 1.
const UNIX: i64 = 62_135_596_800;
/// The last tick of the year 9999.
const LAST: i64 = 3_155_378_975_999_999_999;

/// A value whose dates of a known zone are local ones. `ahead` tells by how many seconds the local clock is ahead of
/// UTC at a moment, in seconds since 1970. Dates that are UTC or of no known zone stay.
#[must_use]
pub fn in_local_time<'a>(value: &'a Value, ahead: &dyn Fn(i64) -> i32) -> Cow<'a, Value> {
    match other(value, ahead) {
        Some(other) => Cow::Owned(other),
        None => Cow::Borrowed(value),
    }
}

/// The value with its local dates, if there are others in it. Values are no deeper than their reader allows.
fn other(value: &Value, ahead: &dyn Fn(i64) -> i32) -> Option<Value> {
    match value {
        Value::DateTime(date) => date_in(*date, ahead).map(Value::DateTime),
        Value::Object(object) => {
            let content = content(&object.content, ahead);
            let (adapted, extended) = (properties(&object.adapted, ahead), properties(&object.extended, ahead));
            if content.is_none() && adapted.is_none() && extended.is_none() {
                return None;
            }
            let mut changed: Object = (**object).clone();
            if let Some(content) = content {
                changed.content = content;
            }
            if let Some(adapted) = adapted {
                changed.adapted = adapted;
            }
            if let Some(extended) = extended {
                changed.extended = extended;
            }
            Some(changed.into())
        }
        _ => None,
    }
}

fn content(content: &Content, ahead: &dyn Fn(i64) -> i32) -> Option<Content> {
    Some(match content {
        Content::None => return None,
        Content::Primitive(inside) => Content::Primitive(other(inside, ahead)?),
        Content::List(items) => Content::List(items_in(items, ahead)?),
        Content::Enumerable(items) => Content::Enumerable(items_in(items, ahead)?),
        Content::Stack(items) => Content::Stack(items_in(items, ahead)?),
        Content::Queue(items) => Content::Queue(items_in(items, ahead)?),
        Content::Dictionary(entries) => {
            let changed: Vec<_> = entries.iter().map(|(key, value)| (other(key, ahead), other(value, ahead))).collect();
            if changed.iter().all(|(key, value)| key.is_none() && value.is_none()) {
                return None;
            }
            let pairs = entries.iter().zip(changed).map(|((key, value), (new_key, new_value))| {
                (new_key.unwrap_or_else(|| key.clone()), new_value.unwrap_or_else(|| value.clone()))
            });
            Content::Dictionary(pairs.collect())
        }
    })
}

fn items_in(items: &[Value], ahead: &dyn Fn(i64) -> i32) -> Option<Vec<Value>> {
    let first = items.iter().position(|item| other(item, ahead).is_some())?;
    let changed = items.iter().enumerate().map(|(at, item)| match at < first {
        true => item.clone(),
        false => in_local_time(item, ahead).into_owned(),
    });
    Some(changed.collect())
}

fn properties(all: &[Property], ahead: &dyn Fn(i64) -> i32) -> Option<Vec<Property>> {
    let first = all.iter().position(|property| other(&property.value, ahead).is_some())?;
    let mut changed = all.to_vec();
    for property in changed.iter_mut().skip(first) {
        if let Some(value) = other(&property.value, ahead) {
            property.value = value;
        }
    }
    Some(changed)
}

fn date_in(date: DateTime, ahead: &dyn Fn(i64) -> i32) -> Option<DateTime> {
    let Zone::Offset(minutes) = date.zone else { return None };
    let moment = date.ticks().saturating_sub(i64::from(minutes).saturating_mul(MINUTE));
    let local = ahead(moment.div_euclid(SECOND).saturating_sub(UNIX)).div_euclid(60);
    let local = i16::try_from(local).unwrap_or(0);
    let ticks = moment.saturating_add(i64::from(local).saturating_mul(MINUTE)).clamp(0, LAST);
    DateTime::from_ticks(ticks, Zone::Offset(local)).filter(|changed| *changed != date)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Value {
        Value::DateTime(DateTime::parse(text).unwrap())
    }

    #[test]
    fn a_date_of_a_known_zone_is_a_local_one_wherever_it_stands() {
        let ahead = |moment: i64| if moment < 1_711_846_800 { 3_600 } else { 7_200 };
        let local = |value: &Value| in_local_time(value, &ahead).into_owned();
        assert_eq!(local(&date("2024-03-31T00:59:59.9Z")), date("2024-03-31T00:59:59.9Z"));
        assert_eq!(local(&date("2024-03-31T02:59:59")), date("2024-03-31T02:59:59"));
        assert_eq!(local(&date("2024-03-31T00:59:59.9+00:00")), date("2024-03-31T01:59:59.9+01:00"));
        assert_eq!(local(&date("2024-03-31T01:00:00+00:00")), date("2024-03-31T03:00:00+02:00"));
        assert_eq!(local(&date("9999-12-31T23:59:59-05:00")), date("9999-12-31T23:59:59.9999999+02:00"));
        let inside = |when: &str| {
            let list = Object::list(vec![1.into(), date(when)]);
            let mut entries = Object::with_extended([("List", list.into()), ("Name", "x".into())]);
            entries.content = Content::Dictionary(vec![("k".into(), date(when)), (1.into(), 2.into())]);
            entries.adapted = vec![Property::new("When", date(when))];
            Value::from(Object::list(vec![entries.into(), "y".into()]))
        };
        assert_eq!(local(&inside("2024-03-31T01:00:00+00:00")), inside("2024-03-31T03:00:00+02:00"));
        let same = inside("2024-03-31T03:00:00+02:00");
        assert!(matches!(in_local_time(&same, &ahead), Cow::Borrowed(_)));
    }
}
