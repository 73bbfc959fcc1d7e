//! The pool machine: what the app wants of pipelines. [MS-PSRP] 2.2.2.10, 2.2.2.14, 2.2.2.17, 2.2.2.18

use clixml::Value;

use super::exchange::Exchange;
use super::outbox::{self, Outgoing};
use super::pipeline::{Input, Live, Phase as PipelinePhase, Slot, Work};
use super::pool::Phase;
use super::{ClientPool, InputStream, InvokeError, Origin};
use crate::{Defragmenter, KeyError, MessageType, MetadataQuery, Pipeline, PipelineId, PipelineState};

impl ClientPool {
    /// Runs a pipeline. It waits here until the pool is open and, if it holds secrets, until the session key is there.
    ///
    /// # Errors
    /// See [`InvokeError`].
    pub fn invoke(&mut self, pipeline: Pipeline, id: PipelineId) -> Result<(), InvokeError> {
        if pipeline.statements.is_empty() || pipeline.statements.iter().any(Vec::is_empty) {
            return Err(InvokeError::Empty);
        }
        let input = if pipeline.no_input { Input::None } else { Input::Open };
        self.start(Work::Pipeline(pipeline), input, id)
    }

    /// Asks for command descriptions. The first output object is a count, one object for each command follows.
    ///
    /// # Errors
    /// See [`InvokeError`].
    pub fn command_metadata(&mut self, query: MetadataQuery, id: PipelineId) -> Result<(), InvokeError> {
        self.start(Work::Metadata(query), Input::None, id)
    }

    /// One input object. Input for a pipeline that has ended is dropped: it may end before it has read everything.
    ///
    /// # Errors
    /// [`InvokeError::NoInput`]
    pub fn input(&mut self, id: PipelineId, value: &Value) -> Result<(), InvokeError> {
        let message = self.message(Some(id), MessageType::PipelineInput, value);
        self.send_input(id, Input::Open, message)
    }

    /// No more input.
    ///
    /// # Errors
    /// [`InvokeError::NoInput`]
    pub fn end_input(&mut self, id: PipelineId) -> Result<(), InvokeError> {
        let message = self.message(Some(id), MessageType::EndOfPipelineInput, &Value::Null);
        self.send_input(id, Input::Ended, message)
    }

    /// Bytes of input that wait here and were not begun, with what they take beside. Nothing limits them: the driver takes no
    /// more input while they are many.
    #[must_use]
    pub fn unsent_input(&self) -> usize {
        let waiting = self.waiting.iter().filter_map(|id| match self.pipelines.get(id) {
            Some(Slot::Live(live)) => match &live.phase {
                PipelinePhase::Waiting { bytes, .. } => Some(*bytes),
                PipelinePhase::Running | PipelinePhase::Stopping => None,
            },
            _ => None,
        });
        waiting.fold(self.outbox.unsent().input, usize::saturating_add)
    }

    /// Stops a pipeline. Its state Stopped, Completed or Failed follows, whichever the endpoint reached.
    pub fn stop(&mut self, id: PipelineId) {
        let Some(live) = self.pipelines.get_mut(&id).and_then(Slot::live) else { return };
        match live.phase {
            PipelinePhase::Waiting { .. } => self.finish(id, PipelineState::Stopped, None, Origin::NeverSent),
            PipelinePhase::Stopping => {}
            PipelinePhase::Running if self.outbox.take_back(id) => {
                self.finish(id, PipelineState::Stopped, None, Origin::NeverSent);
            }
            PipelinePhase::Running => {
                live.phase = PipelinePhase::Stopping;
                self.withdraw(Some(id));
                self.outbox.drop_messages(id);
                self.outbox.push_first(Outgoing::Stop(id));
            }
        }
    }

    /// After connecting: a command that the shell has. Its Receive follows.
    ///
    /// # Errors
    /// See [`InvokeError`].
    pub fn attach(&mut self, id: PipelineId) -> Result<(), InvokeError> {
        self.add(PipelinePhase::Running, Input::None, id, Defragmenter::resuming(self.options.object_limit))
    }

    fn start(&mut self, work: Work, input: Input, id: PipelineId) -> Result<(), InvokeError> {
        self.add(
            PipelinePhase::Waiting { work, input: Vec::new(), bytes: 0 },
            input,
            id,
            Defragmenter::new(self.options.object_limit),
        )?;
        self.waiting.push(id);
        self.start_waiting();
        Ok(())
    }

    fn add(
        &mut self,
        phase: PipelinePhase,
        input: Input,
        id: PipelineId,
        joiner: Defragmenter,
    ) -> Result<(), InvokeError> {
        if matches!(self.phase, Phase::Closing | Phase::Ended(_)) {
            return Err(InvokeError::Ended);
        }
        if self.pipelines.contains_key(&id) {
            return Err(InvokeError::IdInUse);
        }
        self.pipelines.insert(id, Slot::Live(Box::new(Live::new(phase, input, joiner))));
        Ok(())
    }

    fn send_input(&mut self, id: PipelineId, then: Input, message: Vec<u8>) -> Result<(), InvokeError> {
        let live = match self.pipelines.get_mut(&id) {
            None => return Err(InvokeError::NoInput),
            Some(Slot::Ended { .. }) => return Ok(()),
            Some(Slot::Live(live)) => live,
        };
        if live.input != Input::Open {
            return Err(InvokeError::NoInput);
        }
        live.input = then;
        match &mut live.phase {
            PipelinePhase::Waiting { input, bytes, .. } => {
                *bytes = bytes.saturating_add(outbox::size(&message));
                input.push(message);
            }
            PipelinePhase::Running => {
                self.outbox.push(Outgoing::Message { pipeline: Some(id), stream: InputStream::Stdin, message });
            }
            PipelinePhase::Stopping => {}
        }
        Ok(())
    }

    /// Sends the pipelines that need not wait any longer.
    pub(super) fn start_waiting(&mut self) {
        let Phase::Opened(protocol) = self.phase else { return };
        for id in std::mem::take(&mut self.waiting) {
            let Some(live) = self.pipelines.get_mut(&id).and_then(Slot::live) else { continue };
            let PipelinePhase::Waiting { work, input, .. } = &mut live.phase else { continue };
            let content = match (work, &self.exchange) {
                (Work::Pipeline(pipeline), Exchange::Ready(_) | Exchange::Failed) => pipeline
                    .to_value(protocol, self.exchange.key())
                    .map(|content| (MessageType::CreatePipeline, content)),
                (Work::Pipeline(pipeline), _) if !pipeline.has_secrets() => {
                    pipeline.to_value(protocol, None).map(|content| (MessageType::CreatePipeline, content))
                }
                (Work::Pipeline(_), _) => {
                    self.waiting.push(id);
                    continue;
                }
                (Work::Metadata(query), _) => Ok((MessageType::GetCommandMetadata, query.to_value())),
            };
            let input = std::mem::take(input);
            match content {
                Ok((kind, content)) => {
                    // The secrets in it are overwritten here.
                    live.phase = PipelinePhase::Running;
                    let message = self.message(Some(id), kind, &content);
                    self.outbox.push(Outgoing::Create { id, message });
                    for message in input {
                        self.outbox.push(Outgoing::Message { pipeline: Some(id), stream: InputStream::Stdin, message });
                    }
                }
                Err(KeyError) => self.finish(id, PipelineState::Failed, None, Origin::KeyExchangeFailed),
            }
        }
        if !self.waiting.is_empty() {
            self.request_key();
        }
    }
}
