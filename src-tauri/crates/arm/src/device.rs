//! Signing in by code on another computer. RFC 8628

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use oauth2::{RequestTokenError, StandardDeviceAuthorizationResponse};
use tokio::sync::oneshot;
use url::Url;

use crate::browser::{failed, is_not_offered, joined, refused, token_of};
use crate::{AccessToken, Http, IdentityProvider, SignInError, SignInOptions, TransportError};

/// The shortest time between two questions, whatever the provider says.
const SHORTEST_INTERVAL: Duration = Duration::from_secs(1);
/// The longest time between two questions while nothing answers. RFC 8628 section 3.5
const LONGEST_BACKOFF: Duration = Duration::from_secs(30);

/// So many pages in a row instead of an answer end the waiting.
const MOST_PAGES: u32 = 5;

/// A sign-in that waits for somebody to type its code.
pub struct DeviceSignIn {
    http: Http,
    provider: IdentityProvider,
    options: SignInOptions,
    told: StandardDeviceAuthorizationResponse,
    url: Url,
}

impl DeviceSignIn {
    /// Asks for a code.
    ///
    /// # Errors
    /// When the identity provider does not give one.
    pub async fn begin(http: &Http, provider: IdentityProvider, options: SignInOptions) -> Result<Self, SignInError> {
        let client = provider.client(&options);
        let mut request = client.exchange_device_code();
        if let Some(scope) = provider.scope() {
            request = request.add_scope(scope);
        }
        if let Some(resource) = provider.resource() {
            request = request.add_extra_param("resource", resource.to_owned());
        }
        let carry = |request| {
            let http = http.clone();
            async move { http.carry(request).await }
        };
        let host = provider.host();
        let not_offered = |told: &str| SignInError::NotOffered { host: host.to_owned(), told: told.to_owned() };
        let told: StandardDeviceAuthorizationResponse =
            request.request_async(&carry).await.map_err(|error| match error {
                RequestTokenError::ServerResponse(told) => {
                    let (kind, description) = (told.error().as_ref(), told.error_description());
                    let description = description.map(String::as_str).unwrap_or_default();
                    if is_not_offered(kind, description) {
                        not_offered(&joined(kind, description))
                    } else {
                        refused(host, kind, description)
                    }
                }
                // A provider without this way has no such address, or a page there.
                RequestTokenError::Request(TransportError::NotJson { status: status @ (400 | 404 | 405), .. }) => {
                    not_offered(&format!("HTTP {status}"))
                }
                other => failed(host, other, |kind| kind.as_ref().to_owned()),
            })?;
        let url = told.verification_uri().url().clone();
        if url.scheme() != "https" {
            return Err(SignInError::Provider("the page for the code is no HTTPS address".to_owned()));
        }
        Ok(Self { http: http.clone(), provider, options, told, url })
    }

    /// The page where the code is typed.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The code that a person types.
    #[must_use]
    pub fn user_code(&self) -> &str {
        self.told.user_code().secret()
    }

    /// How long the code is good for.
    #[must_use]
    pub fn time(&self) -> Duration {
        self.told.expires_in()
    }

    /// Asks again and again, as often as the provider allows, until somebody has signed in.
    ///
    /// # Errors
    /// When nobody signs in, somebody refuses, or the identity provider does.
    pub async fn finish(self) -> Result<AccessToken, SignInError> {
        self.finish_with(tokio::time::sleep).await
    }

    /// The same with another clock for the waits.
    ///
    /// # Errors
    /// As [`Self::finish`].
    pub async fn finish_with<S, F>(self, sleep: S) -> Result<AccessToken, SignInError>
    where
        S: Fn(Duration) -> F,
        F: Future<Output = ()>,
    {
        let client = self.provider.client(&self.options);
        let mut request = client.exchange_device_access_token(&self.told);
        if let Some(resource) = self.provider.resource() {
            request = request.add_extra_param("resource", resource.to_owned());
        }
        // The library asks again after every failure of this closure, each time later. A broken network or a busy server may come
        // back; a certificate that is refused stays refused.
        let (give_up, given_up) = oneshot::channel();
        let polls = Arc::new(Mutex::new(Polls { give_up: Some(give_up), ..Polls::default() }));
        let carry = |request| {
            let (http, polls) = (self.http.clone(), Arc::clone(&polls));
            async move {
                let answer = http.carry(request).await;
                lock(&polls).note(answer.as_ref().err());
                answer
            }
        };
        let longest = self.told.interval().max(LONGEST_BACKOFF);
        let request = request.set_max_backoff_interval(longest);
        let sleep = |time: Duration| {
            let told = lock(&polls).wait.take().unwrap_or_default();
            // Whoever asks to wait beyond the code's end is asked once more after it, and told apart there.
            sleep(time.max(told.min(self.told.expires_in())).max(SHORTEST_INTERVAL))
        };
        let answer = tokio::select! {
            biased;
            Ok(error) = given_up => return Err(SignInError::Transport(error)),
            answer = request.request_async(&carry, sleep, None) => answer,
        };
        let host = self.provider.host();
        let answer = answer.map_err(|error| match error {
            RequestTokenError::ServerResponse(told) => {
                let description = told.error_description().map(String::as_str).unwrap_or_default();
                // Entra ID has own names for both.
                match told.error().as_ref() {
                    "expired_token" | "code_expired" => {
                        // Nobody could sign in while nothing answered.
                        lock(&polls).failed.take().map_or(SignInError::CodeExpired, SignInError::Transport)
                    }
                    kind if is_not_offered(kind, description) => {
                        SignInError::NotOffered { host: host.to_owned(), told: joined(kind, description) }
                    }
                    kind => refused(host, kind, description),
                }
            }
            other => failed(host, other, |kind| kind.as_ref().to_owned()),
        })?;
        Ok(token_of(&answer))
    }
}

/// What the questions for the token met so far.
#[derive(Default)]
struct Polls {
    give_up: Option<oneshot::Sender<TransportError>>,
    /// For how long the last answer asks to wait.
    wait: Option<Duration>,
    /// Pages in a row that came instead of an answer.
    pages: u32,
    /// The last failure, where there was no answer after it.
    failed: Option<TransportError>,
}

impl Polls {
    fn note(&mut self, error: Option<&TransportError>) {
        self.failed = error.cloned();
        self.pages =
            if matches!(error, Some(TransportError::NotJson { .. })) { self.pages.saturating_add(1) } else { 0 };
        match error {
            // One may be a gateway that passes; something that stays in between does not go away by asking.
            Some(TransportError::NotJson { .. }) if self.pages < MOST_PAGES => {}
            Some(TransportError::Busy { seconds, .. }) => self.wait = seconds.map(Duration::from_secs),
            Some(
                error @ (TransportError::Certificate(_)
                | TransportError::Redirect { .. }
                | TransportError::NotJson { .. }
                | TransportError::TooLarge { .. }),
            ) => {
                if let Some(give_up) = self.give_up.take() {
                    // Whoever waits is still there: it polls this.
                    let _ = give_up.send(error.clone());
                }
            }
            _ => {}
        }
    }
}

fn lock(polls: &Mutex<Polls>) -> std::sync::MutexGuard<'_, Polls> {
    polls.lock().unwrap_or_else(PoisonError::into_inner)
}
