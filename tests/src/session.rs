//! The session code itself, without a program around it: for tests that act while something runs.

use std::sync::Arc;

use clixml::Value;
use psrp::host::HostCall;
use psrp::{Event, Origin, Pipeline, PipelineId, PipelineState, RecordStream};
use winrm::{
    Credentials, EventStream, Interruption, NoIntents, OpenError, OpenOptions, SessionEvent, SessionHandle,
    SessionState, SignIn, SocketConnector,
};

use crate::peer::{PASSWORD, Peer, USER};

/// An open session, and what it has told about its runs.
pub struct Session {
    /// The handle.
    pub handle: SessionHandle,
    /// Its events.
    pub events: EventStream,
    /// Events of other runs than the one that is followed, and of the session.
    pub others: Vec<SessionEvent>,
}

/// What a run gave.
#[derive(Debug)]
pub struct Run {
    /// Its records.
    pub records: Vec<(RecordStream, Value)>,
    /// Its final state.
    pub state: PipelineState,
    /// Who said so.
    pub origin: Origin,
    /// The error record that ended it.
    pub error: Option<Value>,
    /// What went wrong meanwhile.
    pub interruptions: Vec<Interruption>,
    /// Everything else that the pool told.
    pub events: Vec<Event>,
}

/// With the peer's account, whoever it is.
#[must_use]
pub fn sign_in() -> SignIn {
    SignIn::new(Credentials::new(USER, PASSWORD.to_owned().into()), |_: &_| Ok(()))
}

/// The way to a peer.
#[must_use]
pub fn connector(peer: &Peer) -> Arc<SocketConnector> {
    Arc::new(SocketConnector::new("127.0.0.1", peer.port()))
}

impl Session {
    /// Opens a session with the options that are used when nothing else is said.
    pub async fn open(peer: &Peer) -> Self {
        Self::open_with(peer, OpenOptions::default()).await.expect("it opens")
    }

    /// Opens a session.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn open_with(peer: &Peer, options: OpenOptions) -> Result<Self, OpenError> {
        let (handle, events) = winrm::open(connector(peer), sign_in(), options, Arc::new(NoIntents)).await?;
        Ok(Self { handle, events, others: Vec::new() })
    }

    /// Runs something to its end.
    pub async fn run(&mut self, pipeline: impl Into<Pipeline>) -> Run {
        let id = self.handle.invoke(pipeline.into()).await.expect("it is taken");
        self.follow(id).await
    }

    /// The next event.
    pub async fn next(&mut self) -> SessionEvent {
        self.events.next().await.expect("the session goes on")
    }

    /// Waits for the next question.
    pub async fn question(&mut self) -> (Option<PipelineId>, HostCall) {
        loop {
            match self.next().await {
                SessionEvent::Pool(Event::HostCall { pipeline, call, question: true, .. }) => return (pipeline, call),
                other => self.others.push(other),
            }
        }
    }

    /// Reads what a run gives until it has ended.
    pub async fn follow(&mut self, id: PipelineId) -> Run {
        let (mut records, mut interruptions, mut events) = (Vec::new(), Vec::new(), Vec::new());
        loop {
            match self.next().await {
                SessionEvent::Pool(Event::Record { pipeline, stream, value }) if pipeline == id => {
                    records.push((stream, value));
                }
                SessionEvent::Pool(Event::PipelineState { pipeline, state, error, origin })
                    if pipeline == id && state.is_final() =>
                {
                    return Run { records, state, origin, error, interruptions, events };
                }
                SessionEvent::Interruption(interruption) => interruptions.push(interruption),
                other @ SessionEvent::State(_) => self.others.push(other),
                SessionEvent::Pool(event) => {
                    let of_another = matches!(&event, Event::Record { .. } | Event::PipelineState { .. });
                    if of_another {
                        self.others.push(SessionEvent::Pool(event));
                    } else {
                        events.push(event);
                    }
                }
            }
        }
    }

    /// The states of the session that were told while runs were followed, without the first one.
    pub fn states(&self) -> Vec<&SessionState> {
        let states = self.others.iter().filter_map(|event| match event {
            SessionEvent::State(state) => Some(state),
            _ => None,
        });
        states.skip_while(|state| **state == SessionState::Ready).collect()
    }

    /// Closes the session.
    pub async fn close(self) {
        self.handle.close().await.expect("it closes");
    }
}

impl Run {
    /// The output objects.
    pub fn output(&self) -> Vec<&Value> {
        self.stream(RecordStream::Output)
    }

    /// The records of one stream.
    pub fn stream(&self, wanted: RecordStream) -> Vec<&Value> {
        self.records.iter().filter(|(stream, _)| *stream == wanted).map(|(_, value)| value).collect()
    }

    /// The output as texts.
    pub fn texts(&self) -> Vec<String> {
        self.output().iter().map(|value| value.to_display()).collect()
    }

    /// Asserts that the endpoint said that it completed, and that nothing went wrong on the way.
    #[track_caller]
    pub fn assert_completed(&self) -> &Self {
        assert_eq!((self.state, self.origin), (PipelineState::Completed, Origin::Endpoint), "{self:#?}");
        assert_eq!(self.interruptions, [], "{self:#?}");
        self
    }
}
