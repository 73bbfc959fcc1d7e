//! A disk whose writes stand still while its gate is closed.

use std::io::Read;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};

use record::{Disk, RecordFile, Storage};

/// The disk.
#[derive(Clone, Default)]
pub struct GatedDisk(Arc<(Mutex<Gate>, Condvar)>);

#[derive(Default)]
struct Gate {
    closed: bool,
    waiting: usize,
    room: Option<usize>,
}

struct GatedFile(GatedDisk, Box<dyn RecordFile>);

impl GatedDisk {
    /// Lets writes through, or not.
    pub fn close(&self, closed: bool) {
        self.0.0.lock().expect("not poisoned").closed = closed;
        self.0.1.notify_all();
    }

    /// Waits until a write stands at the gate.
    pub fn wait_for_a_write(&self) {
        let mut gate = self.0.0.lock().expect("not poisoned");
        while gate.waiting == 0 {
            gate = self.0.1.wait(gate).expect("not poisoned");
        }
    }

    /// Only so many bytes fit from now on.
    pub fn fits(&self, bytes: usize) {
        self.0.0.lock().expect("not poisoned").room = Some(bytes);
    }
}

impl Storage for GatedDisk {
    fn create(&self, path: &Path) -> std::io::Result<Box<dyn RecordFile>> {
        Ok(Box::new(GatedFile(self.clone(), Disk.create(path)?)))
    }

    fn open(&self, path: &Path) -> std::io::Result<Box<dyn Read + Send>> {
        Disk.open(path)
    }

    fn remove(&self, path: &Path) -> std::io::Result<()> {
        let size = std::fs::metadata(path).map_or(0, |about| usize::try_from(about.len()).unwrap_or(usize::MAX));
        Disk.remove(path)?;
        if let Some(room) = &mut self.0.0.lock().expect("not poisoned").room {
            *room += size;
        }
        Ok(())
    }
}

impl RecordFile for GatedFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        let (gate, changed) = &*self.0.0;
        let mut gate = gate.lock().expect("not poisoned");
        gate.waiting += 1;
        while gate.closed {
            changed.notify_all();
            gate = changed.wait(gate).expect("not poisoned");
        }
        gate.waiting -= 1;
        let fits = gate.room.map_or(bytes.len(), |room| room.min(bytes.len()));
        if let Some(room) = &mut gate.room {
            *room -= fits;
        }
        drop(gate);
        self.1.write(bytes.get(..fits).unwrap_or_default())?;
        if fits < bytes.len() { Err(std::io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn cut(&mut self, length: u64) -> std::io::Result<()> {
        self.1.cut(length)
    }

    fn sync(&mut self) -> std::io::Result<()> {
        self.1.sync()
    }
}
