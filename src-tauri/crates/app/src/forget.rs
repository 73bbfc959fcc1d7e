//! Forgetting a stamp: its passwords, its trusted computers and roots and, when asked, its records (S-45); and taking passwords
//! along when a stamp has got another id.

use std::collections::BTreeSet;

use contract::{Fault, StampForgotten};
use pep::fault::code;
use pep::stamp::Stamp;
use serde_json::json;

use crate::host::entry_name;
use crate::records::{self, Found};
use crate::{App, convert};

/// What was removed.
#[derive(Default)]
pub(crate) struct Forgotten {
    passwords: usize,
    computers: usize,
    roots: usize,
    records: usize,
    /// Why something could not be removed.
    pub(crate) faults: Vec<pep::Fault>,
}

impl App {
    /// Forgets a stamp and says what was removed. With `records` their files are deleted too; what remains of them is a
    /// line that names them (A-04).
    pub async fn stamp_forget(&self, stamp_id: String, records: bool) -> Result<StampForgotten, Fault> {
        let id = self.present_id(&stamp_id);
        if self.session().is_some_and(|session| self.present_id(&session.stamp_id) == id) {
            return Err(convert::fault(&pep::Fault::new(code::BUSY).detail("its session is open")));
        }
        let forgotten = self.forget_stamp(&id, records).await;
        Ok(StampForgotten {
            passwords: forgotten.passwords,
            computers: forgotten.computers,
            roots: forgotten.roots,
            records: forgotten.records,
            faults: forgotten.faults.iter().map(convert::fault).collect(),
            snapshot: self.app_snapshot().await?,
        })
    }

    pub(crate) async fn forget_stamp(&self, id: &str, records: bool) -> Forgotten {
        let mut forgotten = Forgotten::default();
        let stamp = self.lock().profiles.find(id).cloned();
        // Its records may name it by the id that it had before it was bound.
        let mut ids = vec![id.to_owned()];
        ids.extend(stamp.iter().flat_map(|stamp| stamp.former_ids.clone()));
        let folders = self.records_folders();
        let found = tokio::task::spawn_blocking(move || records::all(&folders)).await.unwrap_or_default();
        let of_stamp: Vec<Found> = found.into_iter().filter(|found| ids.contains(&found.word("stamp"))).collect();
        let accounts = accounts(stamp.as_ref(), &of_stamp);
        let mut faults = Vec::new();
        for id in ids {
            for account in accounts.clone() {
                match self.forget_password(&id, &account).await {
                    Ok(removed) => forgotten.passwords += usize::from(removed),
                    Err(fault) => faults.push(fault),
                }
            }
            match self.pins(&id).forget(&id) {
                Ok(count) => forgotten.computers += count,
                Err(error) => faults.push(self.unusable(error)),
            }
        }
        let mut unusable = |error: std::io::Error| faults.push(self.unusable(error));
        if let Err(error) = self.lock().profiles.forget(id) {
            unusable(error);
        }
        if let Some(place) = stamp.as_ref().and_then(Stamp::place)
            // Another deployment at the same place still needs them.
            && !self.lock().profiles.all().iter().any(|other| other.place().as_ref() == Some(&place))
        {
            match self.roots().forget(&place) {
                Ok(count) => forgotten.roots = count,
                Err(error) => unusable(error),
            }
        }
        let mut deleted = Vec::new();
        if records {
            let gone = tokio::task::spawn_blocking(move || of_stamp.into_iter().map(delete).collect::<Vec<_>>());
            for one in gone.await.unwrap_or_default() {
                match one {
                    Ok(tombstone) => deleted.push(tombstone),
                    Err(error) => unusable(error),
                }
            }
        }
        forgotten.records = deleted.len();
        forgotten.faults = faults;
        let line = json!({ "stamp": id, "passwords": forgotten.passwords, "computers": forgotten.computers,
            "roots": forgotten.roots, "records": deleted });
        self.note_decision("stamp_forgotten", line).await;
        forgotten
    }

    /// Removes a password and looks whether it is gone; answers whether there was one.
    async fn forget_password(&self, stamp_id: &str, account: &str) -> Result<bool, pep::Fault> {
        let entry = entry_name(stamp_id, account);
        if self.load(&entry).await.map_err(|fault| fault.with("account", account))?.is_none() {
            return Ok(false);
        }
        self.forget(&entry).await;
        match self.load(&entry).await {
            Ok(None) => Ok(true),
            _ => Err(pep::Fault::new(code::KEYRING).with("account", account)),
        }
    }

    /// Takes the passwords of a stamp along to its new id; answers how many there were. One that is kept for the new id stays.
    pub(crate) async fn move_passwords(&self, former: &str, stamp: &Stamp, faults: &mut Vec<pep::Fault>) -> usize {
        let folders = self.records_folders();
        let found = tokio::task::spawn_blocking(move || records::all(&folders)).await.unwrap_or_default();
        let of_stamp: Vec<Found> = found.into_iter().filter(|found| found.word("stamp") == former).collect();
        let mut moved = 0;
        for account in accounts(Some(stamp), &of_stamp) {
            match self.move_password(former, &stamp.id, &account).await {
                Ok(there) => moved += usize::from(there),
                Err(fault) => faults.push(fault.with("account", account)),
            }
        }
        moved
    }

    async fn move_password(&self, former: &str, now: &str, account: &str) -> Result<bool, pep::Fault> {
        let (old, new) = (entry_name(former, account), entry_name(now, account));
        let Some(password) = self.load(&old).await? else { return Ok(false) };
        if self.load(&new).await?.is_none() {
            self.save(&new, password).await.map_err(|error| pep::Fault::new(code::KEYRING).detail(error))?;
        }
        self.forget_password(former, account).await
    }
}

/// The key ring cannot be searched: every account that was used with the stamp is looked up.
fn accounts(stamp: Option<&Stamp>, records: &[Found]) -> BTreeSet<String> {
    let mut accounts: BTreeSet<String> = records.iter().map(|found| found.word("account")).collect();
    if let Some(stamp) = stamp {
        accounts.extend(stamp.account());
        accounts.extend(stamp.accounts.iter().cloned());
    }
    accounts
}

/// Deletes all files of a record and answers what is said about it.
fn delete(found: Found) -> std::io::Result<serde_json::Value> {
    if record::is_live(&found.path) {
        return Err(std::io::Error::other("a record is being written by another window"));
    }
    let verified = record::verify(&found.path).map_err(std::io::Error::other)?;
    for file in records::files(&found) {
        std::fs::remove_file(file)?;
    }
    Ok(json!({ "record": found.id, "lines": verified.lines, "head": verified.head }))
}
