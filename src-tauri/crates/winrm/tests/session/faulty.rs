//! Exchanges with the practice PEP that fail when told to.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONNECTION, WWW_AUTHENTICATE};
use http::{HeaderValue, Request, Response};
use practice::{Connection, PracticeOptions, PracticePep, Scenario};
use tokio::time::Instant;
use winrm::{BoxFuture, ConnectError, Connector, Credentials, Exchange, ExchangeError, Secret, SignIn};

use crate::simulation::{Trace, Weather};
use crate::tickets::Tickets;

/// What happens to a sealed request.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault {
    /// It is not carried out, and there is no answer.
    LoseRequest,
    /// It is carried out, and there is no answer.
    LoseAnswer,
    /// The connection had been closed before.
    ClosedBefore,
    /// It is answered with this status, without protection.
    Answer(u16),
    /// A bit of the answer is flipped, so many bytes before its tail.
    Flip(usize),
    /// It is answered with the answer that the last sealed request got.
    Replay,
    /// It arrives so many seconds late.
    Late(u64),
    /// It arrives twice; the first answer comes back.
    Duplicate,
}

/// What is done to a token of the sign-in on its way; `true` for tokens of the client.
type Edit = Box<dyn Fn(bool, &mut Vec<u8>) + Send>;

#[derive(Default)]
struct Plan {
    next: Mutex<VecDeque<Fault>>,
    always: Mutex<Option<Fault>>,
    skip: AtomicUsize,
    sealed: AtomicUsize,
    edit: Mutex<Option<Edit>>,
    last: Mutex<Option<(http::response::Parts, Bytes)>>,
    offer: Mutex<Option<HeaderValue>>,
    tokens: AtomicUsize,
    after_fault: Mutex<Option<usize>>,
    weather: Mutex<Option<Weather>>,
    distance: Mutex<Duration>,
    arrived: Mutex<Option<Instant>>,
    trace: Arc<Trace>,
    lines: AtomicUsize,
    /// Lines that the endpoint has closed, up to this number
    hung_up: AtomicUsize,
    /// It does not say so when it closes a line behind an answer.
    wordless: AtomicBool,
    /// So many lines can be made, then one is refused.
    good: Mutex<Option<usize>>,
    tickets: Mutex<Option<Arc<Tickets>>>,
    dead: tokio::sync::watch::Sender<bool>,
}

/// A practice PEP and what shall go wrong on the way to it.
pub(crate) struct Stage {
    pep: PracticePep,
    plan: Arc<Plan>,
}

struct Connect {
    pep: PracticePep,
    plan: Arc<Plan>,
}

struct Line {
    connection: Connection,
    plan: Arc<Plan>,
    number: usize,
    made: Instant,
}

impl Stage {
    pub(crate) fn new() -> Self {
        Self::at_speed(1000.0)
    }

    pub(crate) fn at_speed(speed: f64) -> Self {
        let scenario = Scenario::built_in("healthy").unwrap();
        Self { pep: PracticePep::new(PracticeOptions { scenario, speed, instance: 1 }), plan: Arc::default() }
    }

    /// An endpoint whose every byte follows from the seed; what is sent goes into the trace.
    pub(crate) fn seeded(scenario: Scenario, seed: u64, trace: &Arc<Trace>) -> Self {
        let options = PracticeOptions { scenario, speed: 100.0, instance: 1 };
        let plan = Plan { trace: Arc::clone(trace), ..Plan::default() };
        Self { pep: PracticePep::seeded(options, seed), plan: Arc::new(plan) }
    }

    /// Another process that talks to the same endpoint.
    pub(crate) fn another_process(&self) -> Self {
        let plan = Plan { trace: Arc::clone(&self.plan.trace), ..Plan::default() };
        Self { pep: self.pep.clone(), plan: Arc::new(plan) }
    }

    /// The process stops in the middle of everything; nothing of it reaches the endpoint any more.
    pub(crate) fn crash(&self) {
        self.plan.dead.send_replace(true);
    }

    pub(crate) fn weather(&self, weather: Weather) {
        *self.plan.weather.lock().unwrap() = Some(weather);
    }

    /// How long everything takes to the endpoint, and back again.
    pub(crate) fn far(&self, distance: Duration) {
        *self.plan.distance.lock().unwrap() = distance;
    }

    pub(crate) fn pep(&self) -> &PracticePep {
        &self.pep
    }

    pub(crate) fn password(&self) -> Secret {
        self.pep.password()
    }

    pub(crate) fn connector(&self) -> Arc<dyn Connector> {
        Arc::new(Connect { pep: self.pep.clone(), plan: Arc::clone(&self.plan) })
    }

    /// The next sealed request meets this fault.
    pub(crate) fn next(&self, fault: Fault) {
        *self.plan.next.lock().unwrap() = VecDeque::from([fault]);
    }

    /// And the sealed request after that this one.
    pub(crate) fn then(&self, fault: Fault) {
        self.plan.next.lock().unwrap().push_back(fault);
    }

    /// The sealed request after so many others meets this fault.
    pub(crate) fn after(&self, others: usize, fault: Fault) {
        self.plan.skip.store(others, SeqCst);
        self.next(fault);
    }

    /// Every sealed request meets this fault, or none any more.
    pub(crate) fn always(&self, fault: Option<Fault>) {
        *self.plan.always.lock().unwrap() = fault;
    }

    /// How many sealed requests were sent.
    pub(crate) fn sealed_requests(&self) -> usize {
        self.plan.sealed.load(SeqCst)
    }

    /// The endpoint closes the connections that there are.
    pub(crate) fn hang_up(&self) {
        self.leave(0);
    }

    /// The endpoint closes the connections that there are, but for so many that were made last.
    pub(crate) fn leave(&self, last: usize) {
        self.plan.hung_up.store(self.plan.lines.load(SeqCst) - last, SeqCst);
    }

    /// The endpoint closes lines behind an answer without saying so.
    pub(crate) fn say_nothing_of_closing(&self) {
        self.plan.wordless.store(true, SeqCst);
    }

    /// The line that would be made after so many more is refused.
    pub(crate) fn refuse_line(&self, after: usize) {
        *self.plan.good.lock().unwrap() = Some(after);
    }

    /// How many lines were made.
    pub(crate) fn lines(&self) -> usize {
        self.plan.lines.load(SeqCst)
    }

    /// With what a process signs in.
    pub(crate) fn sign_in(&self) -> SignIn {
        if let Some(tickets) = &*self.plan.tickets.lock().unwrap() {
            return tickets.sign_in();
        }
        SignIn::new(Credentials::new(PracticePep::ACCOUNT, self.password()), |_: &_| Ok(()))
    }

    /// Tickets with which a process signs in by name from now on.
    pub(crate) fn tickets(&self) -> Arc<Tickets> {
        Arc::clone(self.plan.tickets.lock().unwrap().get_or_insert_with(|| Tickets::new(self.password())))
    }

    /// What a request without a sign-in is offered.
    pub(crate) fn offer(&self, schemes: &'static str) {
        *self.plan.offer.lock().unwrap() = Some(HeaderValue::from_static(schemes));
    }

    /// Tokens of the sign-in are changed on their way.
    pub(crate) fn edit(&self, edit: impl Fn(bool, &mut Vec<u8>) + Send + 'static) {
        *self.plan.edit.lock().unwrap() = Some(Box::new(edit));
    }

    /// How many tokens of a sign-in were sent.
    pub(crate) fn tokens_sent(&self) -> usize {
        self.count_tokens()()
    }

    /// Counts them later.
    pub(crate) fn count_tokens(&self) -> impl Fn() -> usize + Send + Sync + 'static {
        let plan = Arc::clone(&self.plan);
        move || plan.tokens.load(SeqCst)
    }

    /// How many requests came after the answer that was spoilt.
    pub(crate) fn after_fault(&self) -> usize {
        self.plan.after_fault.lock().unwrap().unwrap_or_default()
    }
}

impl Plan {
    fn change(&self, ours: bool, header: Option<&mut HeaderValue>) {
        let (Some(edit), Some(header)) = (&*self.edit.lock().unwrap(), header) else { return };
        let Some(token) = header.to_str().unwrap().strip_prefix("Negotiate ") else { return };
        let mut token = STANDARD.decode(token).unwrap();
        edit(ours, &mut token);
        *header = format!("Negotiate {}", STANDARD.encode(token)).parse().unwrap();
    }
}

impl Connector for Connect {
    fn connect(&self) -> BoxFuture<'_, Result<Box<dyn Exchange>, ConnectError>> {
        Box::pin(async move {
            let pause = self.plan.weather.lock().unwrap().as_mut().map(Weather::connecting);
            if let Some(pause) = pause {
                tokio::time::sleep(pause).await;
            }
            let made = Instant::now();
            if self.plan.weather.lock().unwrap().as_ref().is_some_and(|weather| weather.is_out(made)) {
                return Err(ConnectError::Unreachable("an outage".to_owned()));
            }
            let left = self.plan.good.lock().unwrap().take();
            match left {
                Some(0) => return Err(ConnectError::Refused),
                left => *self.plan.good.lock().unwrap() = left.map(|left| left - 1),
            }
            let number = self.plan.lines.fetch_add(1, SeqCst);
            let line = Line { connection: self.pep.connection(), plan: Arc::clone(&self.plan), number, made };
            Ok(Box::new(line) as Box<dyn Exchange>)
        })
    }

    fn host(&self) -> &'static str {
        "practice"
    }

    fn port(&self) -> u16 {
        5985
    }
}

impl Line {
    /// One request with what it meets on its way.
    async fn carry(&mut self, request: Request<Bytes>) -> Result<Response<Bytes>, ExchangeError> {
        let distance = *self.plan.distance.lock().unwrap();
        if distance.is_zero() {
            return self.arrive(request).await;
        }
        // What was sent first arrives first.
        let arrival = {
            let mut last = self.plan.arrived.lock().unwrap();
            let soon = Instant::now() + distance;
            let arrival = last.map_or(soon, |last| soon.max(last + Duration::from_millis(1)));
            *last.insert(arrival)
        };
        tokio::time::sleep_until(arrival).await;
        let answer = self.arrive(request).await;
        tokio::time::sleep(distance).await;
        answer
    }

    async fn arrive(&mut self, mut request: Request<Bytes>) -> Result<Response<Bytes>, ExchangeError> {
        if self.number < self.plan.hung_up.load(SeqCst) || self.connection.is_closed() {
            return Err(ExchangeError::NotSent);
        }
        self.plan.change(true, request.headers_mut().get_mut(AUTHORIZATION));
        let token = request.headers().get(AUTHORIZATION).map_or(&[][..], HeaderValue::as_bytes);
        self.plan.trace.bytes("sent", self.number, &[token, request.body()]);
        if request.headers().contains_key(AUTHORIZATION) {
            self.plan.tokens.fetch_add(1, SeqCst);
        }
        if let Some(count) = self.plan.after_fault.lock().unwrap().as_mut() {
            *count += 1;
        }
        let sealed = !request.body().is_empty();
        let mut fault = None;
        if sealed {
            self.plan.sealed.fetch_add(1, SeqCst);
            let mut next = self.plan.next.lock().unwrap();
            if !next.is_empty() && self.plan.skip.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_err() {
                fault = next.pop_front();
            }
            fault = fault.or(*self.plan.always.lock().unwrap());
        }
        if fault.is_some() {
            *self.plan.after_fault.lock().unwrap() = Some(0);
        }
        let lost = || ExchangeError::Lost("on purpose".to_owned());
        let mut back = 0;
        if sealed {
            let chance = self.plan.weather.lock().unwrap().as_mut().map(Weather::next);
            if let Some((by_chance, there, later)) = chance {
                fault = fault.or(by_chance);
                back = later;
                tokio::time::sleep(Duration::from_millis(there)).await;
            }
        }
        let tickets = self.plan.tickets.lock().unwrap().clone();
        if let (Some(tickets), Some(number)) = (tickets, Tickets::shown(request.headers())) {
            return Ok(tickets.accept(number, &mut self.connection).await);
        }
        match fault {
            None => {
                let mut response = self.connection.exchange(request).await;
                tokio::time::sleep(Duration::from_millis(back)).await;
                self.plan.change(false, response.headers_mut().get_mut(WWW_AUTHENTICATE));
                if self.plan.wordless.load(SeqCst) {
                    response.headers_mut().remove(CONNECTION);
                }
                if sealed {
                    let (head, body) = response.into_parts();
                    *self.plan.last.lock().unwrap() = Some((head.clone(), body.clone()));
                    response = Response::from_parts(head, body);
                }
                if let Some(offer) = self.plan.offer.lock().unwrap().clone() {
                    response.headers_mut().insert(WWW_AUTHENTICATE, offer);
                }
                Ok(response)
            }
            Some(Fault::LoseRequest) => Err(lost()),
            Some(Fault::LoseAnswer) => {
                self.connection.exchange(request).await;
                Err(lost())
            }
            Some(Fault::Flip(distance)) => {
                let (head, body) = self.connection.exchange(request).await.into_parts();
                let mut body = Vec::from(body);
                let place = body.len() - wsman::multipart::TAIL.len() - 1 - distance;
                body[place] ^= 1;
                *self.plan.after_fault.lock().unwrap() = Some(0);
                Ok(Response::from_parts(head, body.into()))
            }
            Some(Fault::Replay) => {
                self.connection.exchange(request).await;
                let Some((head, body)) = self.plan.last.lock().unwrap().clone() else { return Err(lost()) };
                *self.plan.after_fault.lock().unwrap() = Some(0);
                Ok(Response::from_parts(head, body))
            }
            Some(Fault::Late(seconds)) => {
                tokio::time::sleep(Duration::from_secs(seconds)).await;
                Ok(self.connection.exchange(request).await)
            }
            Some(Fault::Duplicate) => {
                let again = copy(&request);
                let answer = self.connection.exchange(request).await;
                self.connection.exchange(again).await;
                Ok(answer)
            }
            Some(Fault::ClosedBefore) => Err(ExchangeError::NotSent),
            Some(Fault::Answer(status)) => Ok(Response::builder().status(status).body(Bytes::new()).unwrap()),
        }
    }
}

impl Exchange for Line {
    fn send(&mut self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, ExchangeError>> {
        let mut dead = self.plan.dead.subscribe();
        let (plan, made, number) = (Arc::clone(&self.plan), self.made, self.number);
        let cut = async move {
            let until = plan.weather.lock().unwrap().as_ref().and_then(|weather| weather.cut_after(made));
            match until {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        let trace = Arc::clone(&self.plan.trace);
        let living = self.carry(request);
        Box::pin(async move {
            // What is under way is dropped with the process, and lost when the network goes.
            let died = async { drop(dead.wait_for(|dead| *dead).await) };
            let outcome = tokio::select! {
                biased;
                () = died => return std::future::pending().await,
                () = cut => Err(ExchangeError::Lost("an outage".to_owned())),
                outcome = living => outcome,
            };
            match &outcome {
                Ok(answer) => trace.bytes(answer.status().as_str(), number, &[answer.body()]),
                Err(error) => trace.note("lost", &format!("{number} {error}")),
            }
            outcome
        })
    }
}

/// The same request once more.
fn copy(request: &Request<Bytes>) -> Request<Bytes> {
    let mut again = Request::new(request.body().clone());
    *again.method_mut() = request.method().clone();
    *again.uri_mut() = request.uri().clone();
    *again.headers_mut() = request.headers().clone();
    again
}
