//! Fragments: any bytes, cut anywhere, are read or refused, and the cut makes no difference.

use psrp::{Defragmenter, FragmentError, Received};

/// Objects (`Ok`) and holes (`Err`) of these pieces.
fn join<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<Result<Vec<u8>, u64>>, Option<FragmentError>) {
    let mut joiner = Defragmenter::new(1 << 16);
    let mut found = Vec::new();
    for mut piece in pieces {
        loop {
            match joiner.next(&mut piece) {
                Ok(Some(Received::Object { data, .. })) => found.push(Ok(data.into_owned())),
                Ok(Some(Received::Hole { id, .. })) => found.push(Err(id)),
                Ok(None) => break,
                Err(error) => return (found, Some(error)),
            }
        }
    }
    (found, None)
}

/// One input.
pub fn run(data: &[u8]) {
    let Some((every, data)) = data.split_first() else { return };
    assert_eq!(join(data.chunks(usize::from(*every).max(1))), join(std::iter::once(data)));
}
