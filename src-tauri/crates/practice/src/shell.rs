//! A shell: one runspace pool with its pipelines, and what waits for the client's Receives.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use clixml::{DateTime, Value};
use psrp::client::{InputStream, RecordStream};
use psrp::host::HostMethod;
use psrp::records::ErrorInfo;
use psrp::server::{HostReply, PipelineRequest, ServerError, ServerEvent, ServerPool};
use psrp::{CallId, PipelineId, PipelineState};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::AbortHandle;

use crate::pep::Stamp;
use crate::{PracticeClock, Scenario, cmdlets, pipeline};

/// How much output may wait before a command is held up, in bytes; a real endpoint holds it up as well.
const HOLD_UP: usize = 4 << 20;

/// A shell of one account.
pub(crate) struct Shell {
    /// The id as the client wrote it.
    pub(crate) id: String,
    pub(crate) owner: String,
    pub(crate) resource_uri: String,
    pub(crate) name: Option<String>,
    pub(crate) idle_timeout: Duration,
    stamp: Arc<Stamp>,
    inner: Mutex<Inner>,
    /// Wakes those who wait in the order in which they came.
    changed: Notify,
}

struct Inner {
    pool: ServerPool,
    console: bool,
    disconnected: bool,
    /// Commands that were not connected again with the shell
    away: BTreeSet<PipelineId>,
    max_running: usize,
    pipelines: BTreeMap<PipelineId, Entry>,
    queue: VecDeque<(PipelineId, PipelineRequest)>,
    replies: HashMap<(PipelineId, CallId), oneshot::Sender<HostReply>>,
    /// The last answer to a Receive of each stream, by the id of its request: a repeated request gets it again.
    last: HashMap<Option<PipelineId>, (String, Answer)>,
}

/// A pipeline that the client has not ended yet.
struct Entry {
    task: Option<AbortHandle>,
    input: Option<mpsc::UnboundedSender<Value>>,
    given: Option<mpsc::UnboundedReceiver<Value>>,
    finished: bool,
}

/// What a Receive gets.
#[derive(Clone, Default)]
pub(crate) struct Answer {
    pub(crate) fragments: Vec<Vec<u8>>,
    pub(crate) done: bool,
}

/// Why a Receive gets nothing.
pub(crate) enum NoAnswer {
    TimedOut,
    NotFound,
    Disconnected,
}

impl Shell {
    pub(crate) fn new(
        id: String,
        owner: String,
        resource_uri: String,
        name: Option<String>,
        idle_timeout: Duration,
        stamp: Arc<Stamp>,
        pool: ServerPool,
    ) -> Arc<Self> {
        let inner = Inner {
            pool,
            console: false,
            disconnected: false,
            away: BTreeSet::new(),
            max_running: 1,
            pipelines: BTreeMap::new(),
            queue: VecDeque::new(),
            replies: HashMap::new(),
            last: HashMap::new(),
        };
        Arc::new(Self {
            id,
            owner,
            resource_uri,
            name,
            idle_timeout,
            stamp,
            inner: Mutex::new(inner),
            changed: Notify::new(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic in one command must not end the others.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self) {
        self.changed.notify_waiters();
    }

    pub(crate) fn with_pool<T>(&self, work: impl FnOnce(&mut ServerPool) -> T) -> T {
        let result = work(&mut self.lock().pool);
        self.wake();
        result
    }

    pub(crate) fn has_console(&self) -> bool {
        self.lock().console
    }

    pub(crate) fn clock(&self) -> PracticeClock {
        self.stamp.clock
    }

    pub(crate) fn scenario(&self) -> Arc<Scenario> {
        self.stamp.scenario()
    }

    pub(crate) fn stamp_information(&self) -> Value {
        self.stamp.information()
    }

    /// The computer and the user of records.
    pub(crate) fn names(&self) -> (String, String) {
        (self.stamp.computer.clone(), self.owner.clone())
    }

    pub(crate) fn now(&self) -> DateTime {
        let seconds = self.stamp.world.since_1970().as_secs();
        pipeline::moment(i64::try_from(seconds).unwrap_or(0))
    }

    /// Notes that the transcripts of this stamp were copied to a share.
    pub(crate) fn transcripts_left(&self) {
        self.stamp.note_closed();
    }

    /// Waits until there is room for more output; `None` when the shell is gone.
    pub(crate) async fn room(&self, id: PipelineId) -> Option<()> {
        loop {
            // It counts from here on, so that a change during the look is not missed.
            let changed = self.changed.notified();
            {
                let inner = self.lock();
                if !inner.pipelines.contains_key(&id) {
                    return None;
                }
                if inner.pool.waiting(Some(id)) < HOLD_UP {
                    return Some(());
                }
            }
            changed.await;
        }
    }

    /// Calls the host and gives where its answer will arrive.
    pub(crate) fn ask(
        &self,
        id: PipelineId,
        method: HostMethod,
        parameters: Vec<Value>,
    ) -> oneshot::Receiver<HostReply> {
        let (answer, waits) = oneshot::channel();
        let mut inner = self.lock();
        let call = inner.pool.host_call(Some(id), method, parameters);
        inner.replies.insert((id, call), answer);
        drop(inner);
        self.wake();
        waits
    }

    /// Takes bytes of the client.
    pub(crate) fn receive(
        self: &Arc<Self>,
        pipeline: Option<PipelineId>,
        stream: InputStream,
        data: &[u8],
    ) -> Result<(), ServerError> {
        self.hear(|pool| pool.receive(pipeline, stream, data))
    }

    /// Takes `connectXml` of a client that comes back.
    pub(crate) fn receive_connect(self: &Arc<Self>, data: &[u8]) -> Result<(), ServerError> {
        self.hear(|pool| pool.receive_connect(data))
    }

    fn hear(
        self: &Arc<Self>,
        receive: impl FnOnce(&mut ServerPool) -> Result<(), ServerError>,
    ) -> Result<(), ServerError> {
        let mut inner = self.lock();
        let outcome = receive(&mut inner.pool);
        while let Some(event) = inner.pool.poll_event() {
            self.handle(&mut inner, event);
        }
        self.start_waiting(&mut inner);
        drop(inner);
        self.wake();
        outcome
    }

    fn handle(&self, inner: &mut Inner, event: ServerEvent) {
        match event {
            ServerEvent::Opened { console, max_runspaces } => {
                inner.console = console.width.is_some();
                inner.max_running = usize::try_from(max_runspaces).unwrap_or(1).max(1);
            }
            ServerEvent::Connected | ServerEvent::KeyExchanged => inner.disconnected = false,
            ServerEvent::Pipeline { id, request } => {
                let (input, given) = mpsc::unbounded_channel();
                let entry = Entry { task: None, input: Some(input), given: Some(given), finished: false };
                inner.pipelines.insert(id, entry);
                inner.queue.push_back((id, request));
            }
            ServerEvent::Metadata { id, names } => {
                for value in cmdlets::metadata(&names) {
                    inner.pool.record(id, RecordStream::Output, &value);
                }
                inner.pool.finish(id, PipelineState::Completed, None);
                inner.pipelines.insert(id, Entry { task: None, input: None, given: None, finished: true });
            }
            ServerEvent::Input { id, value } => {
                if let Some(input) = inner.pipelines.get(&id).and_then(|entry| entry.input.as_ref()) {
                    // A command that is over takes no more input.
                    let _ = input.send(value);
                }
            }
            ServerEvent::InputEnded { id } => {
                if let Some(entry) = inner.pipelines.get_mut(&id) {
                    entry.input = None;
                }
            }
            ServerEvent::HostReply { pipeline, call, reply } => {
                if let Some(waits) = pipeline.and_then(|id| inner.replies.remove(&(id, call))) {
                    let _ = waits.send(reply);
                }
            }
        }
    }

    /// Starts pipelines as long as runspaces are free.
    fn start_waiting(self: &Arc<Self>, inner: &mut Inner) {
        while inner.pipelines.values().filter(|entry| entry.task.is_some() && !entry.finished).count()
            < inner.max_running
        {
            let Some((id, request)) = inner.queue.pop_front() else { return };
            let Some(entry) = inner.pipelines.get_mut(&id) else { continue };
            let Some(given) = entry.given.take() else { continue };
            self.stamp.world.begins(id);
            entry.task = Some(tokio::spawn(pipeline::run(Arc::clone(self), id, request, given)).abort_handle());
        }
    }

    /// Ends a pipeline with its final state.
    pub(crate) fn finish(self: &Arc<Self>, id: PipelineId, state: PipelineState, error: Option<&Value>) {
        let mut inner = self.lock();
        if let Some(entry) = inner.pipelines.get_mut(&id).filter(|entry| !entry.finished) {
            entry.finished = true;
            inner.pool.finish(id, state, error);
        }
        self.start_waiting(&mut inner);
        drop(inner);
        self.wake();
    }

    /// Stops a pipeline; the state is queued before the signal is answered.
    pub(crate) fn stop(self: &Arc<Self>, id: PipelineId) -> bool {
        let mut inner = self.lock();
        let Some(entry) = inner.pipelines.get(&id) else { return false };
        let task = entry.task.clone();
        inner.queue.retain(|(queued, _)| *queued != id);
        inner.replies.retain(|(pipeline, _), _| *pipeline != id);
        drop(inner);
        // A pipeline that was still queued ends without an error record.
        let error = task.map(|task| {
            task.abort();
            ErrorInfo::pipeline_stopped().to_value()
        });
        self.finish(id, PipelineState::Stopped, error.as_ref());
        true
    }

    /// Forgets a pipeline that is over; one that still runs is ended.
    pub(crate) fn terminate(self: &Arc<Self>, id: PipelineId) -> bool {
        let mut inner = self.lock();
        let Some(entry) = inner.pipelines.remove(&id) else { return false };
        if let Some(task) = entry.task {
            task.abort();
        }
        inner.queue.retain(|(queued, _)| *queued != id);
        inner.last.remove(&Some(id));
        inner.pool.forget(id);
        self.start_waiting(&mut inner);
        drop(inner);
        self.wake();
        true
    }

    /// Ends everything.
    pub(crate) fn close(&self) {
        let mut inner = self.lock();
        for entry in inner.pipelines.values() {
            if let Some(task) = &entry.task {
                task.abort();
            }
        }
        inner.pipelines.clear();
        inner.queue.clear();
        inner.replies.clear();
        inner.disconnected = true;
        drop(inner);
        self.wake();
    }

    /// The commands go with the shell, but do not come back with it. [MS-PSRP] 3.1.5.3.18
    pub(crate) fn set_disconnected(&self, disconnected: bool) {
        let mut inner = self.lock();
        inner.disconnected = disconnected;
        if disconnected {
            inner.away = inner.pipelines.keys().copied().collect();
        }
        drop(inner);
        self.wake();
    }

    /// A command is connected again; whether there is such a one.
    pub(crate) fn reconnect(&self, id: PipelineId) -> bool {
        let mut inner = self.lock();
        inner.away.remove(&id);
        inner.pipelines.contains_key(&id)
    }

    pub(crate) fn is_disconnected(&self) -> bool {
        self.lock().disconnected
    }

    /// The ids of the pipelines that were not ended.
    pub(crate) fn commands(&self) -> Vec<PipelineId> {
        self.lock().pipelines.keys().copied().collect()
    }

    /// Waits for output of the pool or of a pipeline, at most this long.
    pub(crate) async fn output(
        &self,
        pipeline: Option<PipelineId>,
        request: &str,
        budget: usize,
        limit: Duration,
    ) -> Result<Answer, NoAnswer> {
        let waiting = async {
            loop {
                let changed = self.changed.notified();
                {
                    let mut inner = self.lock();
                    if let Some((id, answer)) = inner.last.get(&pipeline)
                        && id == request
                    {
                        return Ok(answer.clone());
                    }
                    if inner.disconnected || pipeline.is_some_and(|id| inner.away.contains(&id)) {
                        return Err(NoAnswer::Disconnected);
                    }
                    let finished = match pipeline {
                        Some(id) => inner.pipelines.get(&id).ok_or(NoAnswer::NotFound)?.finished,
                        None => false,
                    };
                    let fragments = inner.pool.take(pipeline, budget);
                    let done = finished && !inner.pool.has_data(pipeline);
                    if !fragments.is_empty() || done {
                        let answer = Answer { fragments, done };
                        inner.last.insert(pipeline, (request.to_owned(), answer.clone()));
                        drop(inner);
                        // There is room again.
                        self.wake();
                        return Ok(answer);
                    }
                }
                changed.await;
            }
        };
        tokio::time::timeout(limit, waiting).await.unwrap_or(Err(NoAnswer::TimedOut))
    }

    /// The pool's messages that wait, for the answer to Connect.
    pub(crate) fn take_pool_output(&self) -> Vec<u8> {
        self.lock().pool.take(None, usize::MAX).concat()
    }
}
