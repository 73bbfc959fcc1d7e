//! Exchanges with the practice PEP that fail when told to.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderValue, Request, Response};
use practice::{Connection, PracticeOptions, PracticePep, Scenario};
use winrm::{BoxFuture, ConnectError, Connector, Exchange, ExchangeError, Secret};

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
}

/// What is done to a token of the sign-in on its way; `true` for tokens of the client.
type Edit = Box<dyn Fn(bool, &mut Vec<u8>) + Send>;

#[derive(Default)]
struct Plan {
    next: Mutex<Option<Fault>>,
    always: Mutex<Option<Fault>>,
    skip: AtomicUsize,
    sealed: AtomicUsize,
    edit: Mutex<Option<Edit>>,
    last: Mutex<Option<(http::response::Parts, Bytes)>>,
    offer: Mutex<Option<HeaderValue>>,
    tokens: AtomicUsize,
    after_fault: Mutex<Option<usize>>,
    weather: Mutex<Option<Weather>>,
    dead: tokio::sync::watch::Sender<bool>,
}

/// Faults and delays by chance: the same seed gives the same ones to the same requests.
pub(crate) struct Weather {
    state: u64,
    /// Faults that are still to come at most
    left: u32,
}

impl Weather {
    pub(crate) fn new(seed: u64, faults: u32) -> Self {
        Self { state: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1, left: faults }
    }

    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 11) % sides
    }

    /// What the next request meets, and how many milliseconds it and its answer take.
    fn next(&mut self) -> (Option<Fault>, u64, u64) {
        let (there, back) = (self.roll(4) * self.roll(400), self.roll(4) * self.roll(400));
        let fault = match self.roll(24) {
            0 | 1 => Some(Fault::LoseRequest),
            2..=4 => Some(Fault::LoseAnswer),
            5 => Some(Fault::ClosedBefore),
            6 => Some(Fault::Answer(503)),
            7 => Some(Fault::Answer(401)),
            _ => None,
        };
        let fault = fault.filter(|_| self.left > 0);
        self.left -= u32::from(fault.is_some());
        (fault, there, back)
    }
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
}

impl Stage {
    pub(crate) fn new() -> Self {
        Self::at_speed(1000.0)
    }

    pub(crate) fn at_speed(speed: f64) -> Self {
        let scenario = Scenario::built_in("healthy").unwrap();
        Self { pep: PracticePep::new(PracticeOptions { scenario, speed, instance: 1 }), plan: Arc::default() }
    }

    /// Another process that talks to the same endpoint.
    pub(crate) fn another_process(&self) -> Self {
        Self { pep: self.pep.clone(), plan: Arc::default() }
    }

    /// The process stops in the middle of everything; nothing of it reaches the endpoint any more.
    pub(crate) fn crash(&self) {
        self.plan.dead.send_replace(true);
    }

    pub(crate) fn weather(&self, weather: Weather) {
        *self.plan.weather.lock().unwrap() = Some(weather);
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
        *self.plan.next.lock().unwrap() = Some(fault);
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
        self.plan.tokens.load(SeqCst)
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
        let line = Line { connection: self.pep.connection(), plan: Arc::clone(&self.plan) };
        Box::pin(async move { Ok(Box::new(line) as Box<dyn Exchange>) })
    }

    fn host(&self) -> &'static str {
        "practice"
    }

    fn port(&self) -> u16 {
        5985
    }
}

impl Exchange for Line {
    fn send(&mut self, mut request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, ExchangeError>> {
        let mut dead = self.plan.dead.subscribe();
        let living = async move {
            self.plan.change(true, request.headers_mut().get_mut(AUTHORIZATION));
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
                if next.is_some() && self.plan.skip.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_err() {
                    fault = next.take();
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
            match fault {
                None => {
                    let mut response = self.connection.exchange(request).await;
                    tokio::time::sleep(Duration::from_millis(back)).await;
                    self.plan.change(false, response.headers_mut().get_mut(WWW_AUTHENTICATE));
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
                    let (head, body) = self.plan.last.lock().unwrap().clone().unwrap();
                    *self.plan.after_fault.lock().unwrap() = Some(0);
                    Ok(Response::from_parts(head, body))
                }
                Some(Fault::ClosedBefore) => Err(ExchangeError::NotSent),
                Some(Fault::Answer(status)) => Ok(Response::builder().status(status).body(Bytes::new()).unwrap()),
            }
        };
        Box::pin(async move {
            // What is under way is dropped with the process.
            let died = async { drop(dead.wait_for(|dead| *dead).await) };
            tokio::select! {
                biased;
                () = died => {}
                outcome = living => return outcome,
            }
            std::future::pending().await
        })
    }
}
