//! Forgetting a stamp: its passwords, its trusted computers and, when asked, its records (S-45).

use std::collections::BTreeSet;

use contract::{Fault, StampForgotten};
use pep::fault::code;
use serde_json::json;

use crate::host::entry_name;
use crate::records::{self, Found};
use crate::{App, convert};

impl App {
    /// Forgets a stamp and says what was removed. With `records` their files are deleted too; what remains of them is a
    /// line that names them (A-04).
    pub async fn stamp_forget(&self, stamp_id: String, records: bool) -> Result<StampForgotten, Fault> {
        if self.session().is_some_and(|session| session.stamp_id == stamp_id) {
            return Err(convert::fault(&pep::Fault::new(code::BUSY).detail("its session is open")));
        }
        let mut faults = Vec::new();
        let folder = self.records_folder();
        let found = tokio::task::spawn_blocking(move || records::all(&folder)).await.unwrap_or_default();
        let of_stamp: Vec<Found> = found.into_iter().filter(|found| found.word("stamp") == stamp_id).collect();
        let passwords = self.forget_passwords(&stamp_id, &of_stamp, &mut faults).await;
        let mut unusable = |error: std::io::Error| faults.push(pep::Fault::new(code::RECORDS_UNUSABLE).detail(error));
        let computers = self.pins().forget(&stamp_id).unwrap_or_else(|error| {
            unusable(error);
            0
        });
        if let Err(error) = self.lock().profiles.forget(&stamp_id) {
            unusable(error);
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
        let line = json!({ "stamp": stamp_id, "passwords": passwords, "computers": computers, "records": deleted });
        self.note_decision("stamp_forgotten", line).await;
        Ok(StampForgotten {
            passwords,
            computers,
            records: deleted.len(),
            faults: faults.iter().map(convert::fault).collect(),
            snapshot: self.app_snapshot().await?,
        })
    }

    /// The key ring cannot be searched; every account that was used with the stamp is looked up.
    async fn forget_passwords(&self, stamp_id: &str, records: &[Found], faults: &mut Vec<pep::Fault>) -> usize {
        let mut accounts: BTreeSet<String> = records.iter().map(|found| found.word("account")).collect();
        if let Ok(stamp) = self.stamp(stamp_id) {
            accounts.extend(stamp.account());
            accounts.extend(stamp.accounts);
        }
        let mut removed = 0;
        for account in accounts {
            let entry = entry_name(stamp_id, &account);
            match self.load(&entry).await {
                Ok(None) => {}
                Ok(Some(_)) => {
                    self.forget(&entry).await;
                    match self.load(&entry).await {
                        Ok(None) => removed += 1,
                        _ => faults.push(pep::Fault::new(code::KEYRING).with("account", account)),
                    }
                }
                Err(fault) => faults.push(fault.with("account", account)),
            }
        }
        removed
    }
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
