//! The pool machine: answers to questions of the endpoint. [MS-PSRP] 2.2.2.16, 2.2.2.28

use clixml::Value;

use super::calls::Calls;
use super::exchange::Exchange;
use super::outbox::Outgoing;
use super::pipeline::Slot;
use super::pool::Phase;
use super::{AnswerError, ClientPool, Event, InputStream};
use crate::host::{HostAnswer, HostCall, HostMethod};
use crate::{CallId, KeyError, Message, MessageType, PipelineId, PipelineState, fragment};

pub(super) const KEY_FAILED: &str = "The secret could not be protected.";

/// An answer that waits for the key.
pub(super) struct WaitingAnswer {
    pub(super) pipeline: Option<PipelineId>,
    pub(super) call: CallId,
    pub(super) method: HostMethod,
    pub(super) answer: HostAnswer,
}

impl ClientPool {
    /// Answers a question. An answer with secrets waits for the session key.
    ///
    /// # Errors
    /// See [`AnswerError`].
    pub fn answer(
        &mut self,
        pipeline: Option<PipelineId>,
        call: CallId,
        answer: HostAnswer,
    ) -> Result<(), AnswerError> {
        let method = self.calls_of(pipeline).and_then(|calls| calls.close(call)).ok_or(AnswerError::NotAsked)?;
        let waiting = WaitingAnswer { pipeline, call, method, answer };
        if waiting.answer.is_secret() && self.exchange.key().is_none() {
            if matches!(self.exchange, Exchange::Failed) {
                self.send_refusal(pipeline, call, method, KEY_FAILED);
                return Err(AnswerError::Key);
            }
            self.answers.push(waiting);
            self.request_key();
            return Ok(());
        }
        self.send_answer(&waiting).map_err(|KeyError| AnswerError::Key)
    }

    /// After connecting: a question that the client before was asked in this pipeline and had not answered, as its own notes
    /// tell. It is asked as if it came now; the endpoint still waits for the answer with this number, and does not ask again.
    ///
    /// # Errors
    /// [`AnswerError::NotAsked`] when there is no such pipeline, or nobody could answer the call.
    pub fn ask_again(&mut self, id: PipelineId, call: HostCall) -> Result<(), AnswerError> {
        let live = self.pipelines.get_mut(&id).and_then(Slot::live).ok_or(AnswerError::NotAsked)?;
        let asks = call.question().is_some() && call.id.wants_answer() && live.calls.is_new(call.id);
        if !asks || !live.calls.ask(call.id, call.method) {
            return Err(AnswerError::NotAsked);
        }
        self.events.push_back(Event::HostCall { pipeline: Some(id), call, question: true, repeats: None });
        Ok(())
    }

    /// An answer to a host call again, from the data of the [`Action::Send`] that may not have arrived: as a message of its own,
    /// with the number of the same call. An endpoint takes the first answer to a call and drops any other, whose number it
    /// knows no more, so that nothing is answered twice. `None` where that would be of no use: the pipeline is over or being
    /// stopped, or the answer is of several fragments, some of which the endpoint may have.
    #[must_use]
    pub fn answer_again(&mut self, pipeline: Option<PipelineId>, sent: &[u8]) -> Option<Vec<u8>> {
        if self.can_answer_again(pipeline, sent) { self.outbox.renew(sent) } else { None }
    }

    /// Whether [`ClientPool::answer_again`] is of use now.
    #[must_use]
    pub fn can_answer_again(&self, pipeline: Option<PipelineId>, sent: &[u8]) -> bool {
        let waits = match pipeline {
            None => matches!(self.phase, Phase::Opened(_)),
            Some(id) => self.pipeline_state(id) == Some(PipelineState::Running),
        };
        let message = fragment::whole_object(sent).and_then(|object| Message::parse(object).ok());
        let answer = [MessageType::PipelineHostResponse, MessageType::PoolHostResponse];
        waits && message.is_some_and(|message| answer.contains(&message.kind))
    }

    fn calls_of(&mut self, pipeline: Option<PipelineId>) -> Option<&mut Calls> {
        match pipeline {
            None => Some(&mut self.calls),
            Some(id) => self.pipelines.get_mut(&id)?.live().map(|live| &mut live.calls),
        }
    }

    pub(super) fn send_answer(&mut self, waiting: &WaitingAnswer) -> Result<(), KeyError> {
        let WaitingAnswer { pipeline, call, method, answer } = waiting;
        match answer.to_value(*call, *method, self.exchange.key()) {
            Ok(content) => {
                self.send_response(*pipeline, &content);
                Ok(())
            }
            Err(error) => {
                self.send_refusal(*pipeline, *call, *method, KEY_FAILED);
                Err(error)
            }
        }
    }

    pub(super) fn send_refusal(&mut self, pipeline: Option<PipelineId>, call: CallId, method: HostMethod, why: &str) {
        let answer = HostAnswer::refused(why);
        if let Ok(content) = answer.to_value(call, method, None) {
            self.send_response(pipeline, &content);
        }
    }

    pub(super) fn send_response(&mut self, pipeline: Option<PipelineId>, content: &Value) {
        let kind = if pipeline.is_some() { MessageType::PipelineHostResponse } else { MessageType::PoolHostResponse };
        let message = self.message(pipeline, kind, content);
        self.outbox.push(Outgoing::Message { pipeline, stream: InputStream::Pr, message });
    }

    /// Takes back the questions of a pipeline or of the pool.
    pub(super) fn withdraw(&mut self, pipeline: Option<PipelineId>) {
        self.answers.retain(|waiting| waiting.pipeline != pipeline);
        let Some(calls) = self.calls_of(pipeline) else { return };
        let withdrawn = calls.withdraw();
        self.events.extend(withdrawn.map(|call| Event::Withdrawn { pipeline, call }));
    }
}
