//! The handle of a session.

use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use clixml::{SecureString, Value};
use psrp::{CallId, MetadataQuery, Pipeline, PipelineId, PoolId, SecretText, host::HostAnswer};
use spnego::ServerIdentity;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::actor::{Actor, Left, Stale};
use super::earlier::Earlier;
use super::event::EventStream;
use super::options::OpenOptions;
use crate::random::Random;
use crate::{CloseError, Connector, GoneError, Intents, OpenError, RunError, SignIn, Stats, random};

/// What the task is asked.
pub(super) enum Order {
    Invoke {
        pipeline: Pipeline,
        id: PipelineId,
        reply: oneshot::Sender<Result<(), RunError>>,
    },
    Metadata {
        query: MetadataQuery,
        id: PipelineId,
        reply: oneshot::Sender<Result<(), RunError>>,
    },
    Input {
        id: PipelineId,
        value: Option<Value>,
        reply: oneshot::Sender<Result<(), RunError>>,
    },
    Stop {
        id: PipelineId,
    },
    Answer {
        pipeline: Option<PipelineId>,
        call: CallId,
        answer: HostAnswer,
        reply: oneshot::Sender<Result<(), RunError>>,
    },
    RequestKey,
    Decrypt {
        secret: SecureString,
        reply: oneshot::Sender<Option<SecretText>>,
    },
    Disconnect {
        idle: Option<Duration>,
        reply: oneshot::Sender<Result<(), CloseError>>,
    },
    Reconnect {
        reply: oneshot::Sender<Result<(), CloseError>>,
    },
    Close {
        reply: oneshot::Sender<Result<(), CloseError>>,
    },
}

/// What the opener learns.
pub(super) struct Opened {
    pub(super) identity: ServerIdentity,
    pub(super) idle_timeout: Option<Duration>,
    pub(super) running: Vec<PipelineId>,
}

/// An open session. When the last handle is dropped, the session is closed.
#[derive(Clone)]
pub struct SessionHandle {
    orders: mpsc::Sender<Order>,
    pool: PoolId,
    identity: Arc<ServerIdentity>,
    idle_timeout: Option<Duration>,
    running: Arc<[PipelineId]>,
    session: Uuid,
    stats: Stats,
    random: Random,
    stale: Stale,
    left: Left,
}

/// Opens a session: connects, signs in once, creates the shell and waits until the pool is open. Dropping the future gives up
/// and deletes what was created.
///
/// # Errors
/// See [`OpenError`].
pub async fn open(
    connector: Arc<dyn Connector>,
    sign_in: SignIn,
    options: OpenOptions,
    intents: Arc<dyn Intents>,
) -> Result<(SessionHandle, EventStream), OpenError> {
    let pool = match options.pool {
        Some(pool) => pool,
        None => PoolId(random::id(options.random.as_ref())?),
    };
    start(connector, sign_in, options, pool, None, intents).await
}

/// Takes over the session of an earlier process: connects to its shell and to the pipelines that still run there. Their
/// records from now on and their final states come as events; [`SessionHandle::running`] names them. What was sent to the
/// earlier process is not sent again. Dropping the future, or an error, leaves the shell as it is.
///
/// # Errors
/// See [`OpenError`].
pub async fn connect(
    connector: Arc<dyn Connector>,
    sign_in: SignIn,
    mut options: OpenOptions,
    earlier: Earlier,
    intents: Arc<dyn Intents>,
) -> Result<(SessionHandle, EventStream), OpenError> {
    options.session = options.session.or(earlier.session);
    let pool = earlier.pool;
    start(connector, sign_in, options, pool, Some(earlier), intents).await
}

async fn start(
    connector: Arc<dyn Connector>,
    sign_in: SignIn,
    mut options: OpenOptions,
    pool: PoolId,
    earlier: Option<Earlier>,
    intents: Arc<dyn Intents>,
) -> Result<(SessionHandle, EventStream), OpenError> {
    options.pool = Some(pool);
    let session = match options.session {
        Some(session) => session,
        None => random::id(options.random.as_ref())?,
    };
    let (orders, inbox) = mpsc::channel(32);
    let (events, batches) = mpsc::channel(options.event_batches.max(1));
    let (opener, opened) = oneshot::channel();
    let stats = options.stats.clone();
    let random = Arc::clone(&options.random);
    let stale = Stale::default();
    let left: Left = Arc::new(OnceLock::new());
    let actor = Actor::new(
        connector,
        sign_in,
        options,
        intents,
        (pool, session, earlier),
        (stats.clone(), Arc::clone(&stale), Arc::clone(&left)),
        (inbox, events, opener),
    );
    tokio::spawn(actor.run());
    let Opened { identity, idle_timeout, running } = opened.await.unwrap_or(Err(OpenError::NoRandomness))?;
    let (identity, running) = (Arc::new(identity), running.into());
    let handle = SessionHandle { orders, pool, identity, idle_timeout, running, session, stats, random, stale, left };
    Ok((handle, EventStream::new(batches)))
}

impl SessionHandle {
    /// Id of pool and shell.
    #[must_use]
    pub fn pool(&self) -> PoolId {
        self.pool
    }

    /// Id of the client session, to be written down for a later process.
    #[must_use]
    pub fn session(&self) -> Uuid {
        self.session
    }

    /// The pipelines of an earlier process that were found when the session was taken over.
    #[must_use]
    pub fn running(&self) -> &[PipelineId] {
        &self.running
    }

    /// Who the server is, as it was checked by the gate and then proved by the first sealed answer.
    #[must_use]
    pub fn identity(&self) -> &ServerIdentity {
        &self.identity
    }

    /// The idle time that the endpoint granted, if it said so.
    #[must_use]
    pub fn idle_timeout(&self) -> Option<Duration> {
        self.idle_timeout
    }

    /// Requests so far.
    #[must_use]
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// The password that the session signed in with was changed (S-13): it is never sent again. Connections that are signed in
    /// stay so; when the last of them is lost, the session ends with [`SignInError::PasswordChanged`](crate::SignInError).
    pub fn password_changed(&self) {
        self.stale.store(true, Ordering::Release);
    }

    /// A fresh pipeline id, to be written down before [`SessionHandle::invoke_as`].
    ///
    /// # Errors
    /// When there are no random numbers.
    pub fn new_pipeline(&self) -> Result<PipelineId, RunError> {
        random::id(self.random.as_ref()).map(PipelineId).map_err(|_| RunError::NoRandomness)
    }

    /// Runs a pipeline; its records and its final state come as events.
    ///
    /// # Errors
    /// See [`RunError`].
    pub async fn invoke(&self, pipeline: Pipeline) -> Result<PipelineId, RunError> {
        let id = self.new_pipeline()?;
        self.invoke_as(id, pipeline).await.map(|()| id)
    }

    /// Runs a pipeline under this id, which must not have been used before.
    ///
    /// # Errors
    /// See [`RunError`].
    pub async fn invoke_as(&self, id: PipelineId, pipeline: Pipeline) -> Result<(), RunError> {
        self.ask(|reply| Order::Invoke { pipeline, id, reply }).await?
    }

    /// Asks for command descriptions. The first output object is a count, one object for each command follows.
    ///
    /// # Errors
    /// See [`RunError`].
    pub async fn command_metadata(&self, query: MetadataQuery) -> Result<PipelineId, RunError> {
        let id = self.new_pipeline()?;
        self.command_metadata_as(id, query).await.map(|()| id)
    }

    /// Asks for command descriptions under this id, which must not have been used before.
    ///
    /// # Errors
    /// See [`RunError`].
    pub async fn command_metadata_as(&self, id: PipelineId, query: MetadataQuery) -> Result<(), RunError> {
        self.ask(|reply| Order::Metadata { query, id, reply }).await?
    }

    /// One input object of a pipeline that takes input. Waits while the endpoint has not taken what came before; the events have
    /// to be read meanwhile, because an endpoint whose output is not taken takes no input. Dropping the future takes input
    /// back that was still waiting.
    ///
    /// # Errors
    /// See [`RunError`].
    pub async fn input(&self, id: PipelineId, value: Value) -> Result<(), RunError> {
        self.ask(|reply| Order::Input { id, value: Some(value), reply }).await?
    }

    /// No more input. Waits as [`SessionHandle::input`] does.
    ///
    /// # Errors
    /// See [`RunError`].
    pub async fn end_input(&self, id: PipelineId) -> Result<(), RunError> {
        self.ask(|reply| Order::Input { id, value: None, reply }).await?
    }

    /// Asks the endpoint to stop a pipeline. Only its final state says that it stopped.
    ///
    /// # Errors
    /// When the session has ended.
    pub async fn stop(&self, id: PipelineId) -> Result<(), GoneError> {
        self.orders.send(Order::Stop { id }).await.map_err(|_| GoneError)
    }

    /// Answers a question.
    ///
    /// # Errors
    /// See [`RunError`].
    pub async fn answer(&self, pipeline: Option<PipelineId>, call: CallId, answer: HostAnswer) -> Result<(), RunError> {
        self.ask(|reply| Order::Answer { pipeline, call, answer, reply }).await?
    }

    /// Starts the key exchange, to read a secret that the endpoint sent. The event `KeyReady` follows.
    ///
    /// # Errors
    /// When the session has ended.
    pub async fn request_key(&self) -> Result<(), GoneError> {
        self.orders.send(Order::RequestKey).await.map_err(|_| GoneError)
    }

    /// Reads a secret of the endpoint; `None` without a session key or when it cannot be read.
    ///
    /// # Errors
    /// When the session has ended.
    pub async fn decrypt(&self, secret: SecureString) -> Result<Option<SecretText>, GoneError> {
        self.ask(|reply| Order::Decrypt { secret, reply }).await
    }

    /// Leaves the shell running without us.
    ///
    /// # Errors
    /// See [`CloseError`].
    pub async fn disconnect(&self, idle: Option<Duration>) -> Result<(), CloseError> {
        self.ask(|reply| Order::Disconnect { idle, reply }).await?
    }

    /// Comes back after [`SessionHandle::disconnect`] or after the connection was given up.
    ///
    /// # Errors
    /// See [`CloseError`].
    pub async fn reconnect(&self) -> Result<(), CloseError> {
        self.ask(|reply| Order::Reconnect { reply }).await?
    }

    /// Deletes the shell and ends the session. What still runs is ended.
    ///
    /// # Errors
    /// See [`CloseError`].
    pub async fn close(&self) -> Result<(), CloseError> {
        match self.ask(|reply| Order::Close { reply }).await {
            Ok(result) => result,
            Err(gone) => Err(self.left.get().cloned().unwrap_or_else(|| gone.into())),
        }
    }

    async fn ask<T>(&self, order: impl FnOnce(oneshot::Sender<T>) -> Order) -> Result<T, GoneError> {
        let (reply, answer) = oneshot::channel();
        self.orders.send(order(reply)).await.map_err(|_| GoneError)?;
        answer.await.map_err(|_| GoneError)
    }
}
