//! Fragments: objects cut into pieces that fit a transport. [MS-PSRP] 2.2.4

use std::borrow::Cow;
use std::collections::VecDeque;

/// Length of the header of a fragment in bytes.
pub const HEADER: usize = 21;

/// The largest object that is accepted, in bytes.
pub const OBJECT_LIMIT: usize = 200 * 1024 * 1024;

const START: u8 = 1;
const END: u8 = 2;

/// Cuts objects. One for all streams of a pool: ids rise over all of them.
#[derive(Debug)]
pub struct Fragmenter {
    next_object: u64,
}

/// Joins the fragments of one stream.
///
/// What arrives is treated as a stream of bytes: a fragment may be cut anywhere between two calls. The ids reveal
/// repeated fragments, which are dropped, and holes inside an object. They do not reveal the loss of a whole object,
/// because a server draws the ids of all its streams from one counter.
#[derive(Debug)]
pub struct Defragmenter {
    limit: usize,
    header: [u8; HEADER],
    have: usize,
    blob: Option<Blob>,
    open: Option<Open>,
    over: Over,
    skipping: bool,
    skipped: u64,
    repeated: u64,
}

/// The object that is being joined.
#[derive(Debug)]
struct Open {
    id: u64,
    next_fragment: u64,
    data: Vec<u8>,
}

/// The newest objects that are finished or given up; older ones are known by a bound. Ids rise in a stream, as a rule: whoever
/// answers in place of a server, to a Connect for example, may give others.
#[derive(Debug, Default)]
struct Over {
    newest: VecDeque<u64>,
    highest: u64,
    // Every id up to this one is over.
    bound: u64,
}

/// So many ids are known one by one. A repeated answer may hold more objects; they rise.
const NEWEST: usize = 1024;

impl Over {
    fn contains(&self, id: u64) -> bool {
        id <= self.bound || (id <= self.highest && self.newest.contains(&id))
    }

    fn insert(&mut self, id: u64) {
        if self.newest.len() >= NEWEST
            && let Some(oldest) = self.newest.pop_front()
        {
            self.bound = self.bound.max(oldest);
        }
        self.newest.push_back(id);
        self.highest = self.highest.max(id);
    }
}

/// The part of a fragment that is still to come.
#[derive(Debug, Clone, Copy)]
struct Blob {
    remaining: usize,
    keep: bool,
    end: bool,
}

/// What the next bytes gave.
#[derive(Debug, PartialEq, Eq)]
pub enum Received<'a> {
    /// A whole object, borrowed where it lay in one fragment of the given bytes.
    Object {
        /// Its id
        id: u64,
        /// Its bytes
        data: Cow<'a, [u8]>,
    },
    /// Fragments of this object are missing; the rest of it is dropped.
    Hole {
        /// Its id
        id: u64,
        /// The fragment that should have come
        expected: u64,
        /// The fragment that came
        found: u64,
    },
}

/// Why a stream cannot be read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FragmentError {
    /// Object id 0
    #[error("a fragment with the object id 0")]
    ZeroId,
    /// Flags beyond start and end
    #[error("a fragment with the flags {0:#04x}")]
    Flags(u8),
    /// A start of one object inside another
    #[error("object {new} starts inside object {open}")]
    StartWhileOpen {
        /// The object being joined
        open: u64,
        /// The object that starts
        new: u64,
    },
    /// A piece of an object that did not start, or a first fragment that is no start
    #[error("fragment {fragment} of object {object} without a start")]
    NoStart {
        /// Object id
        object: u64,
        /// Fragment id
        fragment: u64,
    },
    /// A start that is not fragment 0
    #[error("object {object} starts with fragment {fragment}")]
    StartNotFirst {
        /// Object id
        object: u64,
        /// Fragment id
        fragment: u64,
    },
    /// The object is larger than allowed
    #[error("object {object} is larger than {limit} bytes")]
    TooLarge {
        /// Object id
        object: u64,
        /// Limit in bytes
        limit: usize,
    },
}

impl Fragmenter {
    /// Starts with this object id; 0 is taken as 1. After connecting to a pool of an earlier process start above every
    /// id that was used before.
    #[must_use]
    pub fn starting_at(first: u64) -> Self {
        Self { next_object: first.max(1) }
    }

    /// The id of the next object.
    #[must_use]
    pub fn next_object(&self) -> u64 {
        self.next_object
    }

    /// Cuts one object into fragments of at most `size` bytes, headers included. At least one fragment comes out, and
    /// every fragment holds at least one byte of a longer object, however small `size` is.
    pub fn fragment(&mut self, object: &[u8], size: usize) -> Vec<Vec<u8>> {
        self.fragment_first(object, size, size)
    }

    /// As [`Fragmenter::fragment`], with another size for the first fragment.
    pub fn fragment_first(&mut self, object: &[u8], first_size: usize, size: usize) -> Vec<Vec<u8>> {
        let id = self.next_object;
        self.next_object = id.saturating_add(1);
        Part { id, number: 0, starts: true, ends: true, data: object }.cut(first_size, size)
    }
}

/// A part of an object, in fragments from `number` on.
struct Part<'a> {
    id: u64,
    number: u64,
    starts: bool,
    ends: bool,
    data: &'a [u8],
}

impl Part<'_> {
    fn cut(&self, first_size: usize, size: usize) -> Vec<Vec<u8>> {
        let mut rest = self.data;
        let mut fragments = Vec::new();
        let mut flags = if self.starts { START } else { 0 };
        for number in self.number.. {
            let size = if number == self.number { first_size } else { size };
            let room = size.saturating_sub(HEADER).clamp(1, u32::MAX as usize);
            let (blob, left) = rest.split_at_checked(room).unwrap_or((rest, &[]));
            rest = left;
            if rest.is_empty() && self.ends {
                flags |= END;
            }
            let mut fragment = Vec::with_capacity(HEADER.saturating_add(blob.len()));
            fragment.extend(self.id.to_be_bytes());
            fragment.extend(number.to_be_bytes());
            fragment.push(flags);
            fragment.extend(u32::try_from(blob.len()).unwrap_or(u32::MAX).to_be_bytes());
            fragment.extend(blob);
            fragments.push(fragment);
            flags = 0;
            if rest.is_empty() {
                break;
            }
        }
        fragments
    }
}

/// Whether whole fragments end in the middle of the object that the other ones begin with.
#[must_use]
pub fn same_object(some: &[u8], next: &[u8]) -> bool {
    let (last, next) = (whole(some).last(), whole(next).next());
    last.is_some_and(|last| next.is_some_and(|next| last.id == next.id))
}

/// One fragment as it was cut.
struct Whole<'a> {
    id: u64,
    number: u64,
    flags: u8,
    data: &'a [u8],
}

/// The whole fragments that bytes of ours begin with.
fn whole(mut bytes: &[u8]) -> impl Iterator<Item = Whole<'_>> {
    std::iter::from_fn(move || {
        let (id, rest) = bytes.split_first_chunk()?;
        let (number, rest) = rest.split_first_chunk()?;
        let (flags, rest) = rest.split_first()?;
        let (length, rest) = rest.split_first_chunk()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (data, rest) = rest.split_at_checked(length)?;
        bytes = rest;
        Some(Whole { id: u64::from_be_bytes(*id), number: u64::from_be_bytes(*number), flags: *flags, data })
    })
}

/// The object in a fragment that holds all of it, and nothing else.
#[must_use]
pub fn whole_object(fragment: &[u8]) -> Option<&[u8]> {
    let one = whole(fragment).next()?;
    let all = one.flags == START | END && one.data.len().saturating_add(HEADER) == fragment.len();
    all.then_some(one.data)
}

/// Cuts whole fragments again, in order, none of which the endpoint took. The id and the numbers of an object go on where
/// its first fragment stood: what the endpoint has of the object already stays good, whereas an object with a fresh id would
/// start inside the open one. What are no fragments is left out.
#[must_use]
pub fn recut(fragments: &[u8], first_size: usize, size: usize) -> Vec<Vec<u8>> {
    let mut cut = Vec::new();
    let mut fragments = whole(fragments).peekable();
    while let Some(Whole { id, number, flags: first, data }) = fragments.next() {
        let (mut data, mut last) = (data.to_vec(), first);
        while let Some(next) = fragments.next_if(|next| next.id == id) {
            data.extend_from_slice(next.data);
            last = next.flags;
        }
        let part = Part { id, number, starts: first & START != 0, ends: last & END != 0, data: &data };
        cut.extend(part.cut(if cut.is_empty() { first_size } else { size }, size));
    }
    cut
}

impl Default for Fragmenter {
    fn default() -> Self {
        Self::starting_at(1)
    }
}

impl Default for Defragmenter {
    fn default() -> Self {
        Self::new(OBJECT_LIMIT)
    }
}

impl Defragmenter {
    /// Objects of at most `limit` bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            header: [0; HEADER],
            have: 0,
            blob: None,
            open: None,
            over: Over::default(),
            skipping: false,
            skipped: 0,
            repeated: 0,
        }
    }

    /// For a stream that is joined in the middle, after Connect: everything before the first start is skipped.
    #[must_use]
    pub fn resuming(limit: usize) -> Self {
        Self { skipping: true, ..Self::new(limit) }
    }

    /// How many fragments before the first start were skipped.
    #[must_use]
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// How many fragments came again and were dropped.
    #[must_use]
    pub fn repeated(&self) -> u64 {
        self.repeated
    }

    /// Whether the stream stands between two objects.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.have == 0 && self.blob.is_none() && self.open.is_none()
    }

    /// Reads on to the next whole object or hole and leaves in `bytes` what follows it; `None` when all is read.
    ///
    /// # Errors
    /// See [`FragmentError`]. The stream is of no use afterwards.
    pub fn next<'a>(&mut self, bytes: &mut &'a [u8]) -> Result<Option<Received<'a>>, FragmentError> {
        loop {
            let blob = match self.blob {
                Some(blob) => blob,
                None => {
                    if !self.read_header(bytes) {
                        return Ok(None);
                    }
                    match self.start_blob()? {
                        Ok(blob) => {
                            if let Some(whole) = self.take_whole(blob, bytes) {
                                return Ok(Some(whole));
                            }
                            blob
                        }
                        Err((blob, hole)) => {
                            self.blob = Some(blob);
                            return Ok(Some(hole));
                        }
                    }
                }
            };
            let taken = blob.remaining.min(bytes.len());
            let (piece, rest) = bytes.split_at_checked(taken).unwrap_or((bytes, &[]));
            *bytes = rest;
            if blob.keep
                && let Some(open) = &mut self.open
            {
                open.data.extend_from_slice(piece);
            }
            let remaining = blob.remaining.saturating_sub(taken);
            if remaining > 0 {
                self.blob = Some(Blob { remaining, ..blob });
                return Ok(None);
            }
            self.blob = None;
            if blob.keep
                && blob.end
                && let Some(open) = self.open.take()
            {
                self.over.insert(open.id);
                return Ok(Some(Received::Object { id: open.id, data: Cow::Owned(open.data) }));
            }
        }
    }

    /// Collects a header; false when bytes are missing.
    fn read_header(&mut self, bytes: &mut &[u8]) -> bool {
        let wanted = HEADER.saturating_sub(self.have);
        let (piece, rest) = bytes.split_at_checked(wanted).unwrap_or((bytes, &[]));
        *bytes = rest;
        if let Some(room) = self.header.get_mut(self.have..).and_then(|room| room.get_mut(..piece.len())) {
            room.copy_from_slice(piece);
        }
        self.have = self.have.saturating_add(piece.len());
        if self.have < HEADER {
            return false;
        }
        self.have = 0;
        true
    }

    /// Judges the header just read.
    fn start_blob(&mut self) -> Result<Result<Blob, (Blob, Received<'static>)>, FragmentError> {
        let [o0, o1, o2, o3, o4, o5, o6, o7, f0, f1, f2, f3, f4, f5, f6, f7, flags, l0, l1, l2, l3] = self.header;
        let object = u64::from_be_bytes([o0, o1, o2, o3, o4, o5, o6, o7]);
        let fragment = u64::from_be_bytes([f0, f1, f2, f3, f4, f5, f6, f7]);
        let length = u32::from_be_bytes([l0, l1, l2, l3]) as usize;
        if object == 0 {
            return Err(FragmentError::ZeroId);
        }
        if flags > START | END {
            return Err(FragmentError::Flags(flags));
        }
        let limit = self.limit;
        let too_large = FragmentError::TooLarge { object, limit };
        if length > limit {
            return Err(too_large);
        }
        let end = flags & END != 0;
        let drop = Blob { remaining: length, keep: false, end };
        let keep = Blob { keep: true, ..drop };
        if self.over.contains(object) {
            self.repeated = self.repeated.saturating_add(1);
            return Ok(Ok(drop));
        }
        if let Some(open) = &mut self.open {
            if open.id != object {
                return if flags & START != 0 {
                    Err(FragmentError::StartWhileOpen { open: open.id, new: object })
                } else {
                    Err(FragmentError::NoStart { object, fragment })
                };
            }
            if fragment < open.next_fragment {
                self.repeated = self.repeated.saturating_add(1);
                return Ok(Ok(drop));
            }
            if flags & START != 0 {
                return Err(FragmentError::StartNotFirst { object, fragment });
            }
            if fragment > open.next_fragment {
                let hole = Received::Hole { id: object, expected: open.next_fragment, found: fragment };
                self.over.insert(object);
                self.open = None;
                return Ok(Err((drop, hole)));
            }
            if open.data.len().saturating_add(length) > limit {
                return Err(too_large);
            }
            open.next_fragment = fragment.saturating_add(1);
            return Ok(Ok(keep));
        }
        if flags & START == 0 {
            if self.skipping {
                self.skipped = self.skipped.saturating_add(1);
                return Ok(Ok(drop));
            }
            return Err(FragmentError::NoStart { object, fragment });
        }
        if fragment != 0 {
            return Err(FragmentError::StartNotFirst { object, fragment });
        }
        self.skipping = false;
        self.open = Some(Open { id: object, next_fragment: 1, data: Vec::new() });
        Ok(Ok(keep))
    }

    /// The shortcut without a copy: the object begins and ends in this fragment, and all of it is here.
    fn take_whole<'a>(&mut self, blob: Blob, bytes: &mut &'a [u8]) -> Option<Received<'a>> {
        if !(blob.keep && blob.end) || self.open.as_ref().is_none_or(|open| !open.data.is_empty()) {
            return None;
        }
        let (data, rest) = bytes.split_at_checked(blob.remaining)?;
        let open = self.open.take()?;
        *bytes = rest;
        self.over.insert(open.id);
        Some(Received::Object { id: open.id, data: Cow::Borrowed(data) })
    }
}
