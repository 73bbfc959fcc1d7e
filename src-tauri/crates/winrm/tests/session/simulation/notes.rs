//! What the processes of a simulation wrote down before they sent it, and what the next one takes over from that.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard};

use psrp::host::HostCall;
use psrp::{PipelineId, PoolId};
use winrm::{BoxFuture, Earlier, Intent, Intents, Refused};

use super::trace::Trace;

/// The journal that outlives the processes.
#[derive(Default)]
pub(crate) struct Notes(Mutex<Written>);

#[derive(Default)]
pub(crate) struct Written {
    /// A shell that may be there
    pub(crate) pool: Option<PoolId>,
    pub(crate) started: Vec<PipelineId>,
    /// Those that have not been terminated
    pub(crate) pipelines: Vec<PipelineId>,
    next_object: u64,
    /// Those to which no answer went out
    pub(crate) questions: Vec<(PipelineId, HostCall)>,
}

/// The pen of one process.
pub(crate) struct Pen {
    notes: Arc<Notes>,
    trace: Arc<Trace>,
    dead: AtomicBool,
}

impl Notes {
    pub(crate) fn written(&self) -> MutexGuard<'_, Written> {
        self.0.lock().unwrap()
    }

    /// What the next process goes on with.
    pub(crate) fn earlier(&self) -> Option<Earlier> {
        let written = self.written();
        let (pipelines, next_object) = (written.pipelines.clone(), written.next_object);
        let questions = written.questions.clone();
        written.pool.map(|pool| Earlier { pool, session: None, pipelines, next_object, questions })
    }
}

impl Pen {
    pub(crate) fn new(notes: &Arc<Notes>, trace: &Arc<Trace>) -> Self {
        Self { notes: Arc::clone(notes), trace: Arc::clone(trace), dead: AtomicBool::new(false) }
    }

    /// The process is no more.
    pub(crate) fn drop_it(&self) {
        self.dead.store(true, SeqCst);
    }
}

impl Intents for Pen {
    fn intend(&self, intent: Intent) -> BoxFuture<'_, Result<(), Refused>> {
        if self.dead.load(SeqCst) {
            return Box::pin(std::future::pending());
        }
        self.trace.note("intent", &format!("{intent:?}"));
        let mut written = self.notes.written();
        match intent {
            Intent::Create { pool } => written.pool = Some(pool),
            Intent::Command { pipeline } => {
                written.started.push(pipeline);
                written.pipelines.push(pipeline);
            }
            Intent::Terminate { pipeline } => written.pipelines.retain(|id| *id != pipeline),
            Intent::Send { next_object, pipeline } => {
                written.next_object = next_object;
                written.questions.retain(|(id, _)| Some(*id) != pipeline);
            }
            _ => {}
        }
        Box::pin(std::future::ready(Ok(())))
    }
}
