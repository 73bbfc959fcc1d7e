//! The thread that writes: lines are gathered and brought to the disk by size, by time, or because somebody waits for one.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::disk::{RecordFile, Storage, is_full};
use crate::journal::Limits;
use crate::line::{self, Hash, Moments, NO_HASH, Said};
use crate::queue::{Class, Order, Queue, Suspension};
use crate::side::Sides;
use crate::verify::{holds, segment};

/// Lines are written when so many bytes wait.
const WRITE_BYTES: usize = 256 * 1024;
/// And brought to the disk when so many bytes are only written; they are kept until then, to be written again elsewhere.
const SYNC_BYTES: usize = 4 << 20;
/// Or when this much time has passed.
const SYNC_AFTER: Duration = Duration::from_secs(1);
/// How many files may fail one after the other before nothing more is tried.
const TRIES: usize = 3;

/// A place in the chain.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// The number of the next line.
    next: u64,
    /// The hash of the line before.
    prev: Hash,
}

pub(crate) struct Writer {
    storage: Arc<dyn Storage>,
    queue: Arc<Queue>,
    base: PathBuf,
    reserve: Option<PathBuf>,
    file: Option<Box<dyn RecordFile>>,
    segment: u32,
    /// Bytes of this segment that are on the disk.
    length: u64,
    /// Lines behind that, and how many bytes of them were written.
    unsynced: Vec<u8>,
    written: usize,
    on_disk: Place,
    at_written: Place,
    place: Place,
    since: Option<Instant>,
    moments: Moments,
    now: (i64, u64),
    sides: Sides,
    suspended: Option<Suspension>,
    dead: Option<String>,
    number: u64,
}

impl Writer {
    pub(crate) fn new(
        storage: Arc<dyn Storage>,
        queue: Arc<Queue>,
        limits: Limits,
        base: PathBuf,
        reserve: PathBuf,
        file: Box<dyn RecordFile>,
    ) -> Self {
        let start = Place { next: 0, prev: NO_HASH };
        Self {
            sides: Sides::new(Arc::clone(&storage), &base, limits.side_after),
            storage,
            queue,
            base,
            reserve: Some(reserve),
            file: Some(file),
            segment: 1,
            length: 0,
            unsynced: Vec::new(),
            written: 0,
            on_disk: start,
            at_written: start,
            place: start,
            since: None,
            moments: Moments::default(),
            now: (0, 0),
            suspended: None,
            dead: None,
            number: 0,
        }
    }

    pub(crate) fn run(mut self) {
        while let Some(orders) = self.queue.take(self.since.map(|since| since + SYNC_AFTER)) {
            for order in orders {
                self.number += 1;
                self.order(order);
            }
            if self.since.is_some_and(|since| since.elapsed() >= SYNC_AFTER) {
                self.flush();
            }
            self.tell(None);
        }
        self.flush();
        self.release_reserve();
        self.tell(None);
    }

    /// Tells how far this is, and why the last order was refused.
    fn tell(&self, refused: Option<String>) {
        let head = line::text(&self.on_disk.prev);
        self.queue.tell(|state| {
            state.refused.extend(refused.map(|reason| (self.number, reason)));
            state.finish(self.number);
            state.suspended.clone_from(&self.suspended);
            state.dead.clone_from(&self.dead);
            state.head = head;
        });
    }

    fn order(&mut self, order: Order) {
        match order {
            Order::EndOutput { run, utc_ms, mono } => {
                self.now = (utc_ms, mono);
                let said = self.sides.end(&run);
                self.say_all(said);
            }
            Order::Line { class: Class::Ordinary, utc_ms, mono, kind, data, run } => {
                self.now = (utc_ms, mono);
                self.ordinary(kind, &data, run.as_ref());
            }
            Order::Line { class, utc_ms, mono, kind, data, .. } => {
                self.now = (utc_ms, mono);
                let written = self.durable(class, kind, &data);
                self.tell(written.err());
            }
        }
    }

    fn ordinary(&mut self, kind: &str, data: &str, run: Option<&Arc<str>>) {
        if let Some(suspended) = &mut self.suspended {
            suspended.lines += 1;
            return;
        }
        if let Some(run) = run {
            let (utc_ms, mono) = self.now;
            let (taken, said) = self.sides.output(run, &Said { utc_ms, mono, kind, data }, &mut self.moments);
            self.say_all(said);
            if taken {
                return;
            }
        }
        self.say(kind, data);
        if self.unsynced.len() - self.written >= WRITE_BYTES {
            self.write();
        }
        if self.unsynced.len() >= SYNC_BYTES {
            self.flush();
        }
    }

    fn durable(&mut self, class: Class, kind: &str, data: &str) -> Result<(), String> {
        if let (Class::Durable, Some(suspended)) = (class, &self.suspended) {
            return Err(suspended.reason.clone());
        }
        // What came before is written first, so that a full disk meets that and not this line.
        self.write();
        if kind == "end" {
            let said = self.sides.end_all();
            self.say_all(said);
            if let Some(lines) = self.suspended.as_ref().map(|suspended| suspended.lines) {
                self.say("not_recorded", &json!({ "lines": lines }).to_string());
            }
        }
        let was_suspended = self.suspended.is_some();
        self.say(kind, data);
        self.flush();
        if class == Class::Ending && !was_suspended && self.suspended.is_some() && self.dead.is_none() {
            // The disk became full at this very line, and it was taken back.
            self.say(kind, data);
            self.flush();
        }
        match (&self.dead, &self.suspended) {
            (Some(reason), _) => Err(reason.clone()),
            (None, Some(suspended)) if class == Class::Durable => Err(suspended.reason.clone()),
            _ => Ok(()),
        }
    }

    /// Adds a line to what waits.
    fn say(&mut self, kind: &str, data: &str) {
        if self.dead.is_some() {
            return;
        }
        let (utc_ms, mono) = self.now;
        let said = Said { utc_ms, mono, kind, data };
        let hash = line::write(self.place.next, &said, &self.place.prev, &mut self.moments, &mut self.unsynced);
        self.place = Place { next: self.place.next + 1, prev: hash };
        self.since.get_or_insert_with(Instant::now);
    }

    /// What the files of large output have to say in the chain; a failure of theirs suspends the record.
    fn say_all(&mut self, said: Result<Vec<(&'static str, String)>, crate::side::Failed>) {
        match said {
            Ok(lines) => {
                for (kind, data) in lines {
                    self.say(kind, &data);
                }
            }
            Err(failed) => {
                self.write();
                self.suspend(&failed.reason, failed.lines);
            }
        }
    }

    /// Hands over to the file what waits.
    fn write(&mut self) {
        if let Err(error) = self.try_write() {
            self.write_failed(&error);
        }
    }

    fn try_write(&mut self) -> std::io::Result<()> {
        let waiting = self.unsynced.get(self.written..).unwrap_or_default();
        if !waiting.is_empty() && self.dead.is_none() {
            self.file.as_mut().ok_or_else(|| std::io::Error::other("there is no file"))?.write(waiting)?;
            self.written = self.unsynced.len();
            self.at_written = self.place;
        }
        Ok(())
    }

    /// Brings everything to the disk.
    fn flush(&mut self) {
        self.write();
        let sides = self.sides.flush();
        self.say_all(sides);
        self.write();
        if self.dead.is_some() || self.unsynced.is_empty() {
            self.since = None;
            return;
        }
        match self.try_sync() {
            Ok(()) => self.synced(),
            Err(error) => {
                let full = is_full(&error);
                if full {
                    self.release_reserve();
                }
                // Never again on the same handle: what the system has dropped it would call written (J-04).
                self.next_segment(&error);
                if full {
                    self.suspend(&error.to_string(), 0);
                }
            }
        }
    }

    fn try_sync(&mut self) -> std::io::Result<()> {
        self.file.as_mut().ok_or_else(|| std::io::Error::other("there is no file"))?.sync()
    }

    fn synced(&mut self) {
        self.length += u64::try_from(self.written).unwrap_or(u64::MAX);
        self.unsynced.clear();
        self.unsynced.shrink_to(2 * SYNC_BYTES);
        self.written = 0;
        self.on_disk = self.place;
        self.since = None;
    }

    fn write_failed(&mut self, error: &std::io::Error) {
        if !is_full(error) {
            return self.next_segment(error);
        }
        // A part of a line may stand there; it is cut off before anything follows it.
        let whole = self.length + u64::try_from(self.written).unwrap_or(u64::MAX);
        if let Some(Err(error)) = self.file.as_mut().map(|file| file.cut(whole)) {
            return self.next_segment(&error);
        }
        let lost = self.place.next - self.at_written.next;
        self.unsynced.truncate(self.written);
        self.place = self.at_written;
        self.suspend(&error.to_string(), lost);
    }

    /// Nothing but endings is written from now on (J-05).
    fn suspend(&mut self, reason: &str, lost: u64) {
        self.release_reserve();
        if let Some(suspended) = &mut self.suspended {
            suspended.lines += lost;
            // The reserve was not enough.
            self.die(reason);
            return;
        }
        self.suspended = Some(Suspension { reason: reason.to_owned(), lines: lost });
        self.say("suspended", &json!({ "reason": reason }).to_string());
        let brought = self.try_write().and_then(|()| self.try_sync());
        match brought {
            Ok(()) => self.synced(),
            Err(error) => self.die(&error.to_string()),
        }
    }

    fn die(&mut self, reason: &str) {
        self.dead = Some(reason.to_owned());
        self.suspended.get_or_insert_with(|| Suspension { reason: reason.to_owned(), lines: 0 });
        self.file = None;
    }

    fn release_reserve(&mut self) {
        if let Some(path) = self.reserve.take() {
            // One that cannot be removed does not help; the next write will tell.
            let _ = self.storage.remove(&path);
        }
    }

    /// Goes on in another file: it repeats what is not certain to be on the disk, and says so.
    fn next_segment(&mut self, error: &std::io::Error) {
        let mut reason = error.to_string();
        for _ in 0..TRIES {
            self.file = None;
            let before = segment(&self.base, self.segment);
            let verified = self
                .storage
                .open(&before)
                .map_err(|error| error.to_string())
                .and_then(|reader| holds(reader, self.length, self.on_disk.next, &self.on_disk.prev));
            let gap = json!({
                "file": before.file_name().map(|name| name.to_string_lossy()),
                "error": reason,
                "repeated_from": self.on_disk.next,
                "on_disk": verified.is_ok(),
                "seen": verified.err(),
            });
            self.say("gap", &gap.to_string());
            self.segment += 1;
            let made = self.storage.create(&segment(&self.base, self.segment));
            self.written = 0;
            self.length = 0;
            let brought = made.and_then(|file| {
                self.file = Some(file);
                self.try_write()?;
                self.try_sync()
            });
            match brought {
                Ok(()) => return self.synced(),
                Err(error) => reason = error.to_string(),
            }
        }
        self.die(&reason);
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // A panic in here must not leave anybody waiting.
        let dead = self.dead.get_or_insert_with(|| "the writer has ended".to_owned()).clone();
        self.queue.tell(|state| state.dead = Some(dead));
    }
}
