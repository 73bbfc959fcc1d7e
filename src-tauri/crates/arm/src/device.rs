//! Signing in by code on another computer. RFC 8628

use std::sync::{Arc, Mutex};
use std::time::Duration;

use oauth2::{DeviceCodeErrorResponseType, RequestTokenError, StandardDeviceAuthorizationResponse};
use tokio::sync::oneshot;
use url::Url;

use crate::browser::{failed, is_not_offered, joined, token_of};
use crate::{AccessToken, Http, IdentityProvider, SignInError, SignInOptions, TransportError};

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
        let told: StandardDeviceAuthorizationResponse =
            request.request_async(&carry).await.map_err(|error| match error {
                RequestTokenError::ServerResponse(told) if is_not_offered(told.error()) => {
                    SignInError::NotOffered(told.error().as_ref().to_owned())
                }
                // A provider without this way answers with a page, not with an error of OAuth.
                RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
                    SignInError::NotOffered("sign-in by code is not answered".to_owned())
                }
                other => failed(other, |kind| kind.as_ref().to_owned()),
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
        // The library repeats after every error. A broken network may come back; a certificate that is refused stays refused.
        let (give_up, given_up) = oneshot::channel();
        let give_up = Arc::new(Mutex::new(Some(give_up)));
        let carry = |request| {
            let (http, give_up) = (self.http.clone(), Arc::clone(&give_up));
            async move {
                http.carry(request).await.inspect_err(|error| {
                    let lasting = matches!(
                        error,
                        TransportError::Certificate(_) | TransportError::Redirect { .. } | TransportError::TooLarge(_)
                    );
                    let taken = lasting.then(|| give_up.lock().ok()?.take()).flatten();
                    if let Some(give_up) = taken {
                        // Whoever waits is still there: it polls this.
                        let _ = give_up.send(error.clone());
                    }
                })
            }
        };
        let answer = tokio::select! {
            biased;
            Ok(error) = given_up => return Err(SignInError::Transport(error)),
            answer = request.request_async(&carry, sleep, None) => answer,
        };
        let answer = answer.map_err(|error| match error {
            RequestTokenError::ServerResponse(told) => {
                let description = told.error_description().map(String::as_str).unwrap_or_default();
                match told.error() {
                    DeviceCodeErrorResponseType::ExpiredToken => SignInError::CodeExpired,
                    DeviceCodeErrorResponseType::AccessDenied => {
                        SignInError::Denied(joined("access_denied", description))
                    }
                    // Entra ID's own names for both.
                    DeviceCodeErrorResponseType::Basic(kind) if kind.as_ref() == "authorization_declined" => {
                        SignInError::Denied(joined("authorization_declined", description))
                    }
                    DeviceCodeErrorResponseType::Basic(kind) if kind.as_ref() == "code_expired" => {
                        SignInError::CodeExpired
                    }
                    DeviceCodeErrorResponseType::Basic(kind) if is_not_offered(kind) => {
                        SignInError::NotOffered(kind.as_ref().to_owned())
                    }
                    other => SignInError::Refused(joined(other.as_ref(), description)),
                }
            }
            other => failed(other, |kind| kind.as_ref().to_owned()),
        })?;
        Ok(token_of(&answer))
    }
}
