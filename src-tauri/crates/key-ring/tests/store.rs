//! What holds for every key ring, against stores that lose, change or never answer.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::any::Any;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use app::host::{SecretStore, StoreError};
use key_ring::{KeyRing, LONGEST, System};
use keyring_core::api::{Credential, CredentialApi, CredentialStoreApi};
use keyring_core::{CredentialStore, Entry, Error, Result};
use spnego::Secret;

/// What a store does with what it is given.
#[derive(Clone, Copy, Default, PartialEq)]
enum Mood {
    #[default]
    Keeps,
    Loses,
    Changes,
    /// Reads wait until the gate is opened.
    Waits,
}

#[derive(Default)]
struct Shared {
    mood: Mutex<Mood>,
    status: Mutex<Option<StoreError>>,
    entries: Mutex<HashMap<String, Vec<u8>>>,
    writes: AtomicUsize,
    /// Reads that are under way, and the most that were at the same time.
    reading: AtomicUsize,
    most: AtomicUsize,
    open: Mutex<bool>,
    opened: Condvar,
}

#[derive(Clone)]
struct Test(Arc<Shared>);

struct Item(Arc<Shared>, String);

impl System for Test {
    fn name(&self) -> &'static str {
        "the test's store"
    }
    fn status(&self) -> std::result::Result<(), StoreError> {
        self.0.status.lock().unwrap().clone().map_or(Ok(()), Err)
    }
    fn open(&self) -> std::result::Result<Arc<CredentialStore>, StoreError> {
        Ok(Arc::new(self.clone()))
    }
    fn modifiers(&self) -> HashMap<&'static str, &'static str> {
        HashMap::new()
    }
}

impl CredentialStoreApi for Test {
    fn vendor(&self) -> String {
        String::new()
    }
    fn id(&self) -> String {
        String::new()
    }
    fn build(&self, service: &str, user: &str, _: Option<&HashMap<&str, &str>>) -> Result<Entry> {
        Ok(Entry::new_with_credential(Arc::new(Item(Arc::clone(&self.0), format!("{service}.{user}")))))
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn debug_fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the test's store")
    }
}

impl CredentialApi for Item {
    fn set_secret(&self, secret: &[u8]) -> Result<()> {
        self.0.writes.fetch_add(1, Ordering::SeqCst);
        let mut secret = secret.to_vec();
        match *self.0.mood.lock().unwrap() {
            Mood::Loses => return Ok(()),
            // As a store does that cuts what is too long for it.
            Mood::Changes => drop(secret.pop()),
            Mood::Keeps | Mood::Waits => {}
        }
        self.0.entries.lock().unwrap().insert(self.1.clone(), secret);
        Ok(())
    }
    fn get_secret(&self) -> Result<Vec<u8>> {
        let now = self.0.reading.fetch_add(1, Ordering::SeqCst) + 1;
        self.0.most.fetch_max(now, Ordering::SeqCst);
        if *self.0.mood.lock().unwrap() == Mood::Waits {
            drop(self.0.opened.wait_while(self.0.open.lock().unwrap(), |open| !*open).unwrap());
        }
        self.0.reading.fetch_sub(1, Ordering::SeqCst);
        self.0.entries.lock().unwrap().get(&self.1).cloned().ok_or(Error::NoEntry)
    }
    fn delete_credential(&self) -> Result<()> {
        self.0.entries.lock().unwrap().remove(&self.1).map(drop).ok_or(Error::NoEntry)
    }
    fn get_credential(&self) -> Result<Option<Arc<Credential>>> {
        Ok(None)
    }
    fn get_specifiers(&self) -> Option<(String, String)> {
        None
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn debug_fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an entry")
    }
}

fn ring(limit: Duration) -> (Arc<KeyRing>, Arc<Shared>) {
    let shared = Arc::new(Shared::default());
    (Arc::new(KeyRing::new(Arc::new(Test(Arc::clone(&shared))), limit)), shared)
}

fn secret(text: &str) -> Secret {
    Secret::from(text.to_owned())
}

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn s33_a_store_that_loses_or_changes_what_it_was_given_is_reported() {
    let (ring, shared) = ring(MINUTE);
    for (mood, wanted) in
        [(Mood::Keeps, Ok(())), (Mood::Loses, Err(StoreError::NotKept)), (Mood::Changes, Err(StoreError::NotKept))]
    {
        *shared.mood.lock().unwrap() = mood;
        shared.entries.lock().unwrap().clear();
        assert_eq!(ring.save("entry", &secret("password")), wanted);
    }
    // One that kept what was there before is found out as well.
    shared.entries.lock().unwrap().insert("app.pep-assistant.entry".to_owned(), b"former".to_vec());
    *shared.mood.lock().unwrap() = Mood::Loses;
    assert_eq!(ring.save("entry", &secret("password")), Err(StoreError::NotKept));
}

#[test]
fn s34_what_is_longer_than_windows_keeps_is_refused_before_it_is_saved() {
    let (ring, shared) = ring(MINUTE);
    // Two bytes in UTF-16 and two in UTF-8; two and three; four and four.
    for letter in ["ä", "€", "😀"] {
        let bytes = 2 * letter.encode_utf16().count();
        assert_eq!(ring.save("entry", &secret(&letter.repeat(LONGEST / bytes))), Ok(()), "{letter}");
        let written = shared.writes.load(Ordering::SeqCst);
        let longer = secret(&(letter.repeat(LONGEST / bytes) + "a"));
        assert_eq!(ring.save("entry", &longer), Err(StoreError::TooLong), "{letter}");
        assert_eq!(shared.writes.load(Ordering::SeqCst), written, "it never came as far as the store");
    }
}

#[test]
fn s35_one_read_at_a_time_for_each_entry_and_none_is_waited_for_longer_than_the_limit() {
    let (ring, shared) = ring(Duration::from_millis(300));
    ring.save("one", &secret("first")).unwrap();
    ring.save("other", &secret("second")).unwrap();
    shared.most.store(0, Ordering::SeqCst);
    *shared.mood.lock().unwrap() = Mood::Waits;
    let began = Instant::now();
    let asked: Vec<_> = (0..38)
        .map(|_| {
            let ring = Arc::clone(&ring);
            std::thread::spawn(move || ring.load("one").err())
        })
        .collect();
    for asked in asked {
        assert_eq!(asked.join().unwrap(), Some(StoreError::Late(0)));
    }
    assert!(began.elapsed() < MINUTE / 2, "{:?}", began.elapsed());
    assert_eq!((shared.reading.load(Ordering::SeqCst), shared.most.load(Ordering::SeqCst)), (1, 1));
    // The other entry has a read of its own, and nothing waits behind the first one for ever.
    assert_eq!(ring.load("other").err(), Some(StoreError::Late(0)));
    assert_eq!(shared.reading.load(Ordering::SeqCst), 2);
    *shared.mood.lock().unwrap() = Mood::Keeps;
    *shared.open.lock().unwrap() = true;
    shared.opened.notify_all();
    let read = ring.load("one").unwrap().unwrap();
    assert_eq!(read.expose(), "first", "when it answers again it is asked again");
    assert_eq!(key_ring::LIMIT, Duration::from_secs(30));
}

#[test]
fn s36_where_the_store_cannot_be_used_nothing_is_read_or_written() {
    let (ring, shared) = ring(MINUTE);
    ring.save("entry", &secret("password")).unwrap();
    for why in
        [StoreError::Missing("no bus".to_owned()), StoreError::Locked("locked".to_owned()), StoreError::NoDefault]
    {
        *shared.status.lock().unwrap() = Some(why.clone());
        assert_eq!(ring.status(), Err(why.clone()));
        assert_eq!(ring.load("entry").err(), Some(why.clone()));
        assert_eq!(ring.save("entry", &secret("other")), Err(why.clone()));
        assert_eq!(ring.forget("entry"), Err(why));
    }
    *shared.status.lock().unwrap() = None;
    assert_eq!(ring.load("entry").unwrap().unwrap().expose(), "password", "usable as soon as it can be used");
}
