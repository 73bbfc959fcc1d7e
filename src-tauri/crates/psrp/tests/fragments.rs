//! Fragments: what is cut anywhere comes together again, and what breaks the rules is refused.
#![allow(clippy::unwrap_used, missing_docs)]

use std::borrow::Cow;

use proptest::prelude::*;
use psrp::{Defragmenter, FragmentError, Fragmenter, Received};

fn fragment(object: u64, number: u64, flags: u8, blob: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(object.to_be_bytes());
    bytes.extend(number.to_be_bytes());
    bytes.push(flags);
    bytes.extend(u32::try_from(blob.len()).unwrap().to_be_bytes());
    bytes.extend(blob);
    bytes
}

/// Everything that comes out of these pieces.
fn join<'a>(
    joiner: &mut Defragmenter,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Vec<Received<'static>>, FragmentError> {
    let mut all = Vec::new();
    for mut piece in pieces {
        while let Some(received) = joiner.next(&mut piece)? {
            all.push(match received {
                Received::Object { id, data } => Received::Object { id, data: Cow::Owned(data.into_owned()) },
                Received::Hole { id, expected, found } => Received::Hole { id, expected, found },
            });
        }
    }
    Ok(all)
}

fn object(id: u64, data: &[u8]) -> Received<'static> {
    Received::Object { id, data: Cow::Owned(data.to_vec()) }
}

#[test]
fn an_object_in_one_fragment_is_handed_out_without_a_copy() {
    let bytes = fragment(1, 0, 3, b"hello");
    let mut rest = bytes.as_slice();
    let received = Defragmenter::default().next(&mut rest).unwrap();
    assert!(matches!(received, Some(Received::Object { id: 1, data: Cow::Borrowed(b"hello") })));
    assert!(rest.is_empty());
}

#[test]
fn c6_fragments_joined_single_or_cut_anywhere_give_the_same() {
    let mut fragmenter = Fragmenter::default();
    let objects: Vec<Vec<u8>> = (0_u8..5).map(|n| vec![n; usize::from(n) * 40]).collect();
    let stream: Vec<u8> = objects.iter().flat_map(|object| fragmenter.fragment(object, 50)).flatten().collect();
    for every in [1, 2, 7, 20, 21, 22, 1000] {
        let mut joiner = Defragmenter::default();
        let received = join(&mut joiner, stream.chunks(every)).unwrap();
        let wanted: Vec<_> = (1_u64..).zip(&objects).map(|(id, data)| object(id, data)).collect();
        assert_eq!(received, wanted, "cut every {every} bytes");
        assert!(joiner.is_idle());
    }
}

#[test]
fn c8_fragments_of_one_byte_work() {
    let data = vec![7; 3000];
    let fragments = Fragmenter::default().fragment(&data, 1);
    assert_eq!(fragments.len(), 3000);
    let received = join(&mut Defragmenter::default(), fragments.iter().map(Vec::as_slice)).unwrap();
    assert_eq!(received, [object(1, &data)]);
}

#[test]
fn c9_an_object_of_5_mb_in_one_fragment_is_taken_and_one_beyond_the_limit_is_not() {
    let bytes = fragment(1, 0, 3, &vec![1; 5_000_000]);
    assert_eq!(join(&mut Defragmenter::default(), [bytes.as_slice()]).unwrap().len(), 1);
    assert_eq!(
        join(&mut Defragmenter::new(4_999_999), [bytes.as_slice()]),
        Err(FragmentError::TooLarge { object: 1, limit: 4_999_999 })
    );
    let halves = [fragment(1, 0, 1, &[0; 60]), fragment(1, 1, 2, &[0; 60])];
    assert_eq!(
        join(&mut Defragmenter::new(100), halves.iter().map(Vec::as_slice)),
        Err(FragmentError::TooLarge { object: 1, limit: 100 })
    );
}

#[test]
fn p05_an_object_is_limited_one_below_and_one_above() {
    let limit = 100;
    let outcome = |size: usize| match size <= limit {
        true => Ok(vec![object(1, &vec![7; size])]),
        false => Err(FragmentError::TooLarge { object: 1, limit }),
    };
    for size in [99, 100, 101, 5_000] {
        let whole = fragment(1, 0, 3, &vec![7; size]);
        let received = join(&mut Defragmenter::new(limit), [whole.as_slice()]);
        assert_eq!(received, outcome(size), "{size}");
        for piece in [1, 7, 99] {
            let count = size.div_ceil(piece) as u64;
            let parts = vec![7; size];
            let parts: Vec<Vec<u8>> = (0..)
                .zip(parts.chunks(piece))
                .map(|(at, part)| fragment(1, at, u8::from(at == 0) | u8::from(at + 1 == count) << 1, part))
                .collect();
            let received = join(&mut Defragmenter::new(limit), parts.iter().map(Vec::as_slice));
            assert_eq!(received, outcome(size), "{size} in pieces of {piece}");
        }
    }
}

#[test]
fn p05_200_mib_may_be_announced_and_take_no_memory_before_they_come() {
    const LIMIT: u32 = 200 << 20;
    for (length, accepted) in [(LIMIT - 1, true), (LIMIT, true), (LIMIT + 1, false), (u32::MAX, false)] {
        let mut head = fragment(1, 0, 1, b"");
        head.truncate(17);
        head.extend(length.to_be_bytes());
        let received = join(&mut Defragmenter::default(), [head.as_slice()]);
        let wanted = FragmentError::TooLarge { object: 1, limit: 200 << 20 };
        assert_eq!(received, if accepted { Ok(vec![]) } else { Err(wanted) }, "{length}");
    }
}

#[test]
fn c10_repeated_fragments_are_dropped_and_a_hole_is_reported() {
    let mut joiner = Defragmenter::default();
    let repeated = [
        fragment(1, 0, 1, b"ab"),
        fragment(1, 0, 1, b"ab"),
        fragment(1, 1, 0, b"cd"),
        fragment(1, 0, 1, b"ab"),
        fragment(1, 1, 0, b"cd"),
        fragment(1, 2, 2, b"ef"),
        fragment(1, 0, 1, b"ab"),
        fragment(1, 1, 0, b"cd"),
        fragment(1, 2, 2, b"ef"),
        fragment(2, 0, 3, b"next"),
    ];
    let received = join(&mut joiner, repeated.iter().map(Vec::as_slice)).unwrap();
    assert_eq!(received, [object(1, b"abcdef"), object(2, b"next")]);
    assert_eq!(joiner.repeated(), 6);

    let holed =
        [fragment(3, 0, 1, b"ab"), fragment(3, 2, 0, b"ef"), fragment(3, 3, 2, b"gh"), fragment(5, 0, 3, b"next")];
    let received = join(&mut joiner, holed.iter().map(Vec::as_slice)).unwrap();
    assert_eq!(received, [Received::Hole { id: 3, expected: 1, found: 2 }, object(5, b"next")]);
}

#[test]
fn c11_object_ids_with_holes_that_start_at_4711_are_normal() {
    let bytes = [fragment(4711, 0, 3, b"a"), fragment(4713, 0, 3, b"b"), fragment(u64::MAX, 0, 3, b"c")];
    let received = join(&mut Defragmenter::default(), bytes.iter().map(Vec::as_slice)).unwrap();
    assert_eq!(received, [object(4711, b"a"), object(4713, b"b"), object(u64::MAX, b"c")]);
}

#[test]
fn c12_fragments_that_break_the_rules_are_refused() {
    let refused =
        |fragments: &[Vec<u8>]| join(&mut Defragmenter::default(), fragments.iter().map(Vec::as_slice)).unwrap_err();
    assert_eq!(refused(&[fragment(0, 0, 3, b"a")]), FragmentError::ZeroId);
    assert_eq!(
        refused(&[fragment(1, 0, 1, b"a"), fragment(2, 0, 3, b"b")]),
        FragmentError::StartWhileOpen { open: 1, new: 2 }
    );
    assert_eq!(refused(&[fragment(1, 0, 2, b"a")]), FragmentError::NoStart { object: 1, fragment: 0 });
    assert_eq!(refused(&[fragment(1, 3, 0, b"a")]), FragmentError::NoStart { object: 1, fragment: 3 });
    assert_eq!(refused(&[fragment(1, 1, 1, b"a")]), FragmentError::StartNotFirst { object: 1, fragment: 1 });
    assert_eq!(
        refused(&[fragment(1, 0, 1, b"a"), fragment(1, 1, 1, b"a")]),
        FragmentError::StartNotFirst { object: 1, fragment: 1 }
    );
    assert_eq!(
        refused(&[fragment(1, 0, 1, b"a"), fragment(2, 1, 0, b"a")]),
        FragmentError::NoStart { object: 2, fragment: 1 }
    );
    assert_eq!(refused(&[fragment(1, 0, 4, b"a")]), FragmentError::Flags(4));
    let mut long = fragment(1, 0, 3, b"");
    long.truncate(17);
    long.extend([0xFF; 4]);
    assert!(matches!(refused(&[long]), FragmentError::TooLarge { object: 1, .. }));
}

#[test]
fn h3_after_connect_everything_before_the_first_start_is_skipped() {
    let bytes = [fragment(7, 4, 0, b"a"), fragment(7, 5, 2, b"b"), fragment(9, 0, 3, b"c")];
    let mut joiner = Defragmenter::resuming(1000);
    assert_eq!(join(&mut joiner, bytes.iter().map(Vec::as_slice)).unwrap(), [object(9, b"c")]);
    assert_eq!(joiner.skipped(), 2);
    assert!(matches!(join(&mut joiner, [fragment(10, 1, 0, b"").as_slice()]), Err(FragmentError::NoStart { .. })));
}

#[test]
fn ids_of_our_objects_rise_from_the_first_one_given() {
    let mut fragmenter = Fragmenter::starting_at(41);
    assert_eq!(fragmenter.fragment(b"a", 100).len(), 1);
    assert_eq!(fragmenter.fragment(b"", 100), [fragment(42, 0, 3, b"")]);
    assert_eq!(fragmenter.next_object(), 43);
    let sizes: Vec<usize> = fragmenter.fragment_first(&[0; 100], 31, 61).iter().map(Vec::len).collect();
    assert_eq!(sizes, [31, 61, 61, 31]);
}

proptest! {
    #[test]
    fn any_cut_gives_the_objects_back(
        objects in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 1..8),
        size in 1_usize..120,
        cuts in prop::collection::vec(1_usize..60, 1..40),
    ) {
        let mut fragmenter = Fragmenter::default();
        let stream: Vec<u8> = objects.iter().flat_map(|object| fragmenter.fragment(object, size)).flatten().collect();
        let mut pieces = Vec::new();
        let mut rest = stream.as_slice();
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, left) = rest.split_at_checked(*cut).unwrap_or((rest, &[]));
            pieces.push(piece);
            rest = left;
        }
        let wanted: Vec<_> = (1_u64..).zip(&objects).map(|(id, data)| object(id, data)).collect();
        prop_assert_eq!(join(&mut Defragmenter::default(), pieces).unwrap(), wanted);
    }

    #[test]
    fn whole_answers_that_come_again_change_nothing(
        objects in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..100), 1..8),
        size in 22_usize..60,
        answers in 1_usize..6,
    ) {
        let mut fragmenter = Fragmenter::default();
        let fragments: Vec<Vec<u8>> = objects.iter().flat_map(|object| fragmenter.fragment(object, size)).collect();
        // Every answer is delivered twice, as after a lost one.
        let twice = fragments.chunks(answers).flat_map(|answer| answer.iter().chain(answer)).map(Vec::as_slice);
        let wanted: Vec<_> = (1_u64..).zip(&objects).map(|(id, data)| object(id, data)).collect();
        prop_assert_eq!(join(&mut Defragmenter::default(), twice).unwrap(), wanted);
    }

    #[test]
    fn arbitrary_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut joiner = Defragmenter::new(1 << 20);
        let mut rest = bytes.as_slice();
        while let Ok(Some(_)) = joiner.next(&mut rest) {}
    }
}

#[test]
fn what_was_refused_is_cut_again_where_the_object_stood() {
    let object: Vec<u8> = (0..=255).cycle().take(1_000).collect();
    for taken in [0, 1, 3] {
        let mut fragments = Fragmenter::starting_at(7).fragment_first(&object, 150, 221);
        let refused = fragments.split_off(taken);
        let smaller = psrp::fragment::recut(&refused.concat(), 60, 90);
        assert!(smaller.iter().all(|fragment| fragment.len() <= 90));
        assert_eq!(smaller[0].len(), 60);
        assert!(smaller.iter().all(|fragment| psrp::fragment::same_object(fragment, &refused[0])));
        let stream: Vec<u8> = fragments.into_iter().chain(smaller).flatten().collect();
        let mut rest = stream.as_slice();
        let mut joiner = Defragmenter::default();
        let Ok(Some(Received::Object { id: 7, data })) = joiner.next(&mut rest) else { panic!("no object") };
        assert_eq!(data, object, "after {taken} fragments");
        assert!(rest.is_empty() && joiner.is_idle());
        assert_eq!(joiner.repeated(), 0);
    }
}

#[test]
fn a_part_without_the_end_stays_without_it() {
    let object = vec![1; 500];
    let fragments = Fragmenter::starting_at(7).fragment(&object, 121);
    let smaller = psrp::fragment::recut(&fragments[1..3].concat(), 61, 61);
    assert_eq!(smaller.len(), 5);
    assert!(smaller.iter().all(|fragment| fragment[16] == 0), "neither start nor end");
    let numbers: Vec<u8> = smaller.iter().map(|fragment| fragment[15]).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5]);
}

#[test]
fn what_is_no_fragment_is_not_cut() {
    for bytes in [&[][..], &[0; 20]] {
        assert!(psrp::fragment::recut(bytes, 60, 60).is_empty());
        assert!(!psrp::fragment::same_object(bytes, bytes));
        assert_eq!(psrp::fragment::whole_object(bytes), None);
    }
}

#[test]
fn objects_that_travel_together_are_cut_each_for_itself() {
    let mut fragmenter = Fragmenter::starting_at(7);
    let objects = [vec![1; 300], vec![2; 10], vec![3; 100]];
    let mut pieces: Vec<Vec<u8>> = objects.iter().flat_map(|object| fragmenter.fragment(object, 221)).collect();
    // The second fragment of the first object, with the other objects behind it.
    let together = pieces.split_off(1).concat();
    assert!(psrp::fragment::same_object(&pieces[0], &together));
    assert!(!psrp::fragment::same_object(&together, &pieces[0]), "it ends in another one");
    assert_eq!(psrp::fragment::whole_object(&together), None);
    let smaller = psrp::fragment::recut(&together, 61, 61);
    assert!(smaller.iter().all(|fragment| fragment.len() <= 61));
    let stream: Vec<u8> = pieces.into_iter().chain(smaller).flatten().collect();
    let (mut rest, mut joiner, mut read) = (stream.as_slice(), Defragmenter::default(), Vec::new());
    while let Some(Received::Object { data, .. }) = joiner.next(&mut rest).unwrap() {
        read.push(data.into_owned());
    }
    assert_eq!((read, joiner.repeated()), (objects.to_vec(), 0));
}

#[test]
fn ids_that_fall_are_read_and_repeats_of_old_and_new_objects_are_not() {
    let mut joiner = Defragmenter::default();
    let one = |id: u64| Fragmenter::starting_at(id).fragment(&[1], 100).concat();
    let mut is_new = |id: u64| joiner.next(&mut one(id).as_slice()).unwrap().is_some();
    // A stand-in counts down from far above, then the server goes on where it was.
    assert!([1 << 62, (1 << 62) - 1, 12, 13].into_iter().all(&mut is_new));
    assert!([12, 13, 1 << 62, (1 << 62) - 1].into_iter().all(|id| !is_new(id)), "each of them is known");
    let mut joiner = Defragmenter::default();
    let mut is_new = |id: u64| joiner.next(&mut one(id).as_slice()).unwrap().is_some();
    // A repeated answer with any number of objects.
    assert!((1..=20_000).all(&mut is_new));
    assert!((1..=20_000).all(|id| !is_new(id)));
    assert!(is_new(20_001));
}
