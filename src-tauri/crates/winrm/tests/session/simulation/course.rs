//! What came of a run, in all the processes that saw something of it, and whether that can be true.

use std::hash::{DefaultHasher, Hash, Hasher};

use clixml::Value;
use psrp::client::Origin;
use psrp::{PipelineState, RecordStream};

/// A record: its stream, and its content as a hash.
pub(crate) type Seen = (RecordStream, u64);

/// What a run gives when nothing goes wrong.
pub(crate) type Wanted = [Seen];

pub(crate) fn seen(stream: RecordStream, value: &Value) -> Seen {
    let mut hasher = DefaultHasher::new();
    format!("{value:?}").hash(&mut hasher);
    (stream, hasher.finish())
}

/// What one process saw of a run.
#[derive(Default, Clone)]
pub(crate) struct Course {
    pub(crate) records: Vec<Seen>,
    pub(crate) ends: Vec<(PipelineState, Origin)>,
    /// It was said that something is missing.
    pub(crate) gap: bool,
    /// It was said that the run did not begin.
    pub(crate) not_started: bool,
    /// The process stopped in the middle of everything.
    pub(crate) crashed: bool,
}

/// Judges what the processes saw of a run, in their order. `begun`: how often it began on the endpoint.
pub(crate) fn judge(courses: &[Course], wanted: &Wanted, begun: usize) -> Result<(), String> {
    if begun > 1 {
        return Err(format!("it was carried out {begun} times"));
    }
    let mut place = 0;
    for (number, course) in courses.iter().enumerate() {
        match course.ends.as_slice() {
            [] if course.crashed => {}
            [_] => {}
            ends => return Err(format!("{} final states in process {number}: {ends:?}", ends.len())),
        }
        if course.not_started && begun > 0 {
            return Err("it was said not to have begun, and it had".to_owned());
        }
        let completed = course.ends.contains(&(PipelineState::Completed, Origin::Endpoint));
        if course.ends.first().is_some_and(|end| end.1 == Origin::NeverSent) && begun > 0 {
            return Err("it was said not to have been sent, and it began".to_owned());
        }
        let records = course.records.as_slice();
        let found = if course.gap {
            subsequence(wanted, place, records)
        } else {
            // What a process that crashed had not written down is lost with it; that is the only hole.
            let from = if number == 0 { 0..1 } else { place..wanted.len() + 1 };
            slice(wanted, from, records, completed)
        };
        place = found.ok_or_else(|| {
            format!(
                "process {number}: {} of {} records do not fit after {place}{}",
                records.len(),
                wanted.len(),
                if course.gap { ", gaps allowed" } else { "" }
            )
        })?;
    }
    Ok(())
}

/// The records stand in one piece in what is wanted, and reach its end if they have to; where they end.
fn slice(wanted: &Wanted, mut from: std::ops::Range<usize>, records: &[Seen], to_the_end: bool) -> Option<usize> {
    let fits = |at: usize| wanted.get(at..at + records.len()) == Some(records);
    let at = from.find(|at| fits(*at) && (!to_the_end || at + records.len() == wanted.len()))?;
    Some(at + records.len())
}

/// The records stand in what is wanted in this order; where they end.
fn subsequence(wanted: &Wanted, from: usize, records: &[Seen]) -> Option<usize> {
    let mut place = from;
    for record in records {
        place += wanted.get(place..)?.iter().position(|other| other == record)? + 1;
    }
    Some(place)
}

#[test]
fn what_cannot_be_true_is_not_taken_for_true() {
    let records: Vec<Seen> = (0..10).map(|number| (RecordStream::Output, number)).collect();
    let end = (PipelineState::Completed, Origin::Endpoint);
    let course = |records: &[Seen], ends: &[(PipelineState, Origin)]| Course {
        records: records.to_vec(),
        ends: ends.to_vec(),
        ..Course::default()
    };
    let whole = course(&records, &[end]);
    assert_eq!(judge(std::slice::from_ref(&whole), &records, 1), Ok(()));
    assert!(judge(std::slice::from_ref(&whole), &records, 2).is_err(), "twice");
    assert!(judge(&[course(&records, &[end, end])], &records, 1).is_err(), "two ends");
    assert!(judge(&[course(&records, &[])], &records, 1).is_err(), "no end");
    assert!(judge(&[course(&records[..9], &[end])], &records, 1).is_err(), "the last record is missing");
    assert!(judge(&[course(&records[1..], &[end])], &records, 1).is_err(), "the first record is missing");
    let mut other = records.clone();
    other.swap(3, 4);
    assert!(judge(&[course(&other, &[end])], &records, 1).is_err(), "out of order");
    other = records.clone();
    other.insert(5, records[4]);
    assert!(judge(&[course(&other, &[end])], &records, 1).is_err(), "doubled");
    other = records.clone();
    other.remove(5);
    assert!(judge(&[course(&other, &[end])], &records, 1).is_err(), "a hole that nobody told of");
    let gap = |records: &[Seen]| Course { gap: true, ..course(records, &[end]) };
    assert_eq!(judge(&[gap(&other)], &records, 1), Ok(()));
    other.push(records[5]);
    assert!(judge(&[gap(&other)], &records, 1).is_err(), "out of order beside a hole");
    let crashed = |records: &[Seen]| Course { crashed: true, ..course(records, &[]) };
    assert_eq!(judge(&[crashed(&records[..4]), course(&records[6..], &[end])], &records, 1), Ok(()));
    assert!(judge(&[crashed(&records[..4]), course(&records[3..], &[end])], &records, 1).is_err(), "doubled");
    let refused = Course { not_started: true, ..course(&[], &[(PipelineState::Failed, Origin::CommandGone)]) };
    assert_eq!(judge(std::slice::from_ref(&refused), &records, 0), Ok(()));
    assert!(judge(&[refused], &records, 1).is_err(), "it had begun");
}
