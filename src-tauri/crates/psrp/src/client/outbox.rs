//! What waits to be sent. Objects are cut when the driver takes them, so that ids follow the order of sending and what
//! is cancelled before leaves no trace.

use std::collections::VecDeque;

use super::{Action, InputStream, Sizes};
use crate::{Fragmenter, PipelineId, fragment};

#[derive(Debug)]
pub(super) struct Outbox {
    fragmenter: Fragmenter,
    sizes: Sizes,
    queue: VecDeque<Outgoing>,
    unsent: Unsent,
    // The rest of an object of which the driver has taken the first fragment.
    cut: VecDeque<Action>,
}

/// Bytes of messages that wait, with what each of them takes beside them.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Unsent {
    pub(super) input: usize,
    pub(super) answers: usize,
}

/// What a message takes beside its bytes.
const BESIDE: usize = 128;

/// What a message takes while it waits.
pub(super) fn size(message: &[u8]) -> usize {
    message.len().saturating_add(BESIDE)
}

impl Unsent {
    fn add(&mut self, outgoing: &Outgoing) {
        if let Outgoing::Message { pipeline, stream, message } = outgoing {
            match (stream, pipeline) {
                (InputStream::Pr, _) => self.answers = self.answers.saturating_add(size(message)),
                (InputStream::Stdin, Some(_)) => self.input = self.input.saturating_add(size(message)),
                (InputStream::Stdin, None) => {}
            }
        }
    }

    fn of<'a>(all: impl IntoIterator<Item = &'a Outgoing>) -> Self {
        let mut sum = Self::default();
        all.into_iter().for_each(|outgoing| sum.add(outgoing));
        sum
    }

    fn remove(&mut self, outgoing: &Outgoing) {
        let Self { input, answers } = Self::of([outgoing]);
        self.input = self.input.saturating_sub(input);
        self.answers = self.answers.saturating_sub(answers);
    }
}

#[derive(Debug)]
pub(super) enum Outgoing {
    /// Two messages that travel together
    Shell {
        messages: [Vec<u8>; 2],
        connect: bool,
    },
    Create {
        id: PipelineId,
        message: Vec<u8>,
    },
    Message {
        pipeline: Option<PipelineId>,
        stream: InputStream,
        message: Vec<u8>,
    },
    Stop(PipelineId),
    Terminate(PipelineId),
}

impl Outbox {
    pub(super) fn new(first_object: u64, sizes: Sizes) -> Self {
        Self {
            fragmenter: Fragmenter::starting_at(first_object),
            sizes,
            queue: VecDeque::new(),
            unsent: Unsent::default(),
            cut: VecDeque::new(),
        }
    }

    /// What waits and was not begun.
    pub(super) fn unsent(&self) -> Unsent {
        self.unsent
    }

    pub(super) fn push(&mut self, outgoing: Outgoing) {
        self.unsent.add(&outgoing);
        self.queue.push_back(outgoing);
    }

    /// Before everything that was not begun.
    pub(super) fn push_first(&mut self, outgoing: Outgoing) {
        self.unsent.add(&outgoing);
        self.queue.push_front(outgoing);
    }

    /// Takes back a pipeline that the driver has not seen; false when it has.
    pub(super) fn take_back(&mut self, id: PipelineId) -> bool {
        let unseen =
            self.queue.iter().any(|waiting| matches!(waiting, Outgoing::Create { id: other, .. } if *other == id));
        if unseen {
            self.queue.retain(|waiting| waiting.pipeline() != Some(id));
            self.unsent = Unsent::of(&self.queue);
        }
        unseen
    }

    /// Drops what would have gone to a pipeline that takes no more; its signals stay.
    pub(super) fn drop_messages(&mut self, id: PipelineId) {
        self.queue
            .retain(|waiting| !matches!(waiting, Outgoing::Message { pipeline: Some(other), .. } if *other == id));
        self.cut.retain(|action| !matches!(action, Action::Send { pipeline: Some(other), .. } if *other == id));
        self.unsent = Unsent::of(&self.queue);
    }

    pub(super) fn clear(&mut self) {
        self.queue.clear();
        self.cut.clear();
        self.unsent = Unsent::default();
    }

    pub(super) fn next_object(&self) -> u64 {
        self.fragmenter.next_object()
    }

    /// From now on objects are cut to these sizes.
    pub(super) fn set_sizes(&mut self, sizes: Sizes) {
        self.sizes = sizes;
    }

    /// Cuts again what was refused, together with what else of the same object was cut.
    pub(super) fn recut(&mut self, mut refused: Vec<Vec<u8>>, command: bool) -> Vec<Vec<u8>> {
        while let Some(Action::Send { data, .. }) = self.cut.front()
            && refused.last().is_some_and(|last| fragment::same_object(last, data))
            && let Some(Action::Send { data, .. }) = self.cut.pop_front()
        {
            refused.push(data);
        }
        let Sizes { command: first, send } = self.sizes;
        let fragments = fragment::recut(&refused.concat(), if command { first } else { send }, send);
        if command {
            return fragments;
        }
        // What travelled together still does, as far as there is room.
        let mut joined: Vec<Vec<u8>> = Vec::new();
        for fragment in fragments {
            match joined.last_mut() {
                Some(last) if last.len().saturating_add(fragment.len()) <= send => last.extend(fragment),
                _ => joined.push(fragment),
            }
        }
        joined
    }

    /// The whole message in this fragment once more, as an object of its own. `None` when it has no room in one fragment, or
    /// is none.
    pub(super) fn renew(&mut self, fragment: &[u8]) -> Option<Vec<u8>> {
        let message = fragment::whole_object(fragment)?;
        let fits = fragment.len() <= self.sizes.send;
        fits.then(|| self.fragmenter.fragment(message, self.sizes.send).concat())
    }

    /// Input that waits behind the end of an object goes along, as far as there is room: small objects would cost a request
    /// each. Nothing is waited for.
    fn fill(&mut self, data: &mut Vec<u8>, pipeline: Option<PipelineId>, stream: InputStream) {
        if pipeline.is_none() || stream != InputStream::Stdin {
            return;
        }
        while let Some(Outgoing::Message { pipeline: of, stream: on, message }) = self.queue.front()
            && (*of, *on) == (pipeline, stream)
            && data.len().saturating_add(fragment::HEADER).saturating_add(message.len()) <= self.sizes.send
            && let Some(next) = self.queue.pop_front()
        {
            self.unsent.remove(&next);
            if let Outgoing::Message { message, .. } = next {
                data.extend(self.fragmenter.fragment(&message, self.sizes.send).concat());
            }
        }
    }

    pub(super) fn poll(&mut self) -> Option<Action> {
        if let Some(action) = self.cut.pop_front() {
            return Some(action);
        }
        let next = self.queue.pop_front()?;
        self.unsent.remove(&next);
        Some(match next {
            Outgoing::Shell { messages, connect } => {
                let fragments = messages.iter().flat_map(|message| self.fragmenter.fragment(message, self.sizes.send));
                let xml: Vec<u8> = fragments.flatten().collect();
                if connect {
                    Action::ConnectShell { connect_xml: xml }
                } else {
                    Action::CreateShell { creation_xml: xml }
                }
            }
            Outgoing::Create { id, message } => {
                let mut fragments =
                    self.fragmenter.fragment_first(&message, self.sizes.command, self.sizes.send).into_iter();
                Action::CreatePipeline { id, first: fragments.next()?, rest: fragments.collect() }
            }
            Outgoing::Message { pipeline, stream, message } => {
                let mut fragments = self.fragmenter.fragment(&message, self.sizes.send);
                if let Some(last) = fragments.last_mut() {
                    self.fill(last, pipeline, stream);
                }
                self.cut.extend(fragments.into_iter().map(|data| Action::Send { pipeline, stream, data }));
                return self.cut.pop_front();
            }
            Outgoing::Stop(id) => Action::Stop { id },
            Outgoing::Terminate(id) => Action::Terminate { id },
        })
    }
}

impl Outgoing {
    fn pipeline(&self) -> Option<PipelineId> {
        match self {
            Self::Shell { .. } => None,
            Self::Create { id, .. } | Self::Stop(id) | Self::Terminate(id) => Some(*id),
            Self::Message { pipeline, .. } => *pipeline,
        }
    }
}
