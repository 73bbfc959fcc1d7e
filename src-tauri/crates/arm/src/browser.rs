//! Signing in with the system browser: authorisation code with PKCE. RFC 6749 section 4.1, RFC 7636, RFC 8252

use oauth2::{
    AuthorizationCode, CsrfToken, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, TokenResponse,
};
use url::Url;

use crate::loopback::{Answer, Loopback};
use crate::{AccessToken, Http, IdentityProvider, Refusal, SignInError, SignInOptions, TransportError};

/// A sign-in that waits for somebody to open its address.
pub struct BrowserSignIn {
    http: Http,
    provider: IdentityProvider,
    options: SignInOptions,
    url: Url,
    state: CsrfToken,
    verifier: PkceCodeVerifier,
    loopback: Loopback,
}

impl BrowserSignIn {
    /// Listens on loopback and makes the address. Nothing is sent, and nothing is opened.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn begin(http: &Http, provider: IdentityProvider, options: SignInOptions) -> Result<Self, SignInError> {
        let loopback = Loopback::bind(&provider.ports(&options)).await?;
        let redirect = redirect(&loopback)?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let client = provider.client(&options).set_redirect_uri(redirect);
        let mut request = client.authorize_url(CsrfToken::new_random).set_pkce_challenge(challenge);
        if let Some(scope) = provider.scope() {
            request = request.add_scope(scope).add_extra_param("prompt", "select_account");
        }
        if let Some(resource) = provider.resource() {
            request = request.add_extra_param("resource", resource.to_owned());
        }
        let (url, state) = request.url();
        Ok(Self { http: http.clone(), provider, options, url, state, verifier, loopback })
    }

    /// The address that somebody has to open in a browser on this computer.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Waits for the browser's answer, and gets the token for it.
    ///
    /// # Errors
    /// When nobody signs in, somebody refuses, or the identity provider does.
    pub async fn finish(self) -> Result<AccessToken, SignInError> {
        let Self { http, provider, options, state, verifier, loopback, .. } = self;
        let redirect = redirect(&loopback)?;
        let (answer, reply) = loopback.answer(state.secret(), options.time).await?;
        let told = match answer {
            Answer::Code(code) => {
                exchange(http, provider, options, redirect, AuthorizationCode::new(code.to_string()), verifier).await
            }
            Answer::Error(error, description) => Err(refused(provider.host(), &error, &description)),
        };
        // The page in the browser says what is true now.
        reply.tell(told.is_ok()).await;
        told
    }
}

async fn exchange(
    http: Http,
    provider: IdentityProvider,
    options: SignInOptions,
    redirect: RedirectUrl,
    code: AuthorizationCode,
    verifier: PkceCodeVerifier,
) -> Result<AccessToken, SignInError> {
    let client = provider.client(&options).set_redirect_uri(redirect);
    let mut request = client.exchange_code(code).set_pkce_verifier(verifier);
    if let Some(resource) = provider.resource() {
        request = request.add_extra_param("resource", resource.to_owned());
    }
    let carry = |request| {
        let http = http.clone();
        async move { http.carry(request).await }
    };
    let answer = request
        .request_async(&carry)
        .await
        .map_err(|error| failed(provider.host(), error, |kind| kind.as_ref().to_owned()))?;
    Ok(token_of(&answer))
}

fn redirect(loopback: &Loopback) -> Result<RedirectUrl, SignInError> {
    RedirectUrl::new(loopback.redirect()).map_err(|error| SignInError::Provider(error.to_string()))
}

/// Takes the token out of the library's type.
pub(crate) fn token_of(answer: &oauth2::basic::BasicTokenResponse) -> AccessToken {
    AccessToken::new(answer.access_token().secret().clone()).good_for(answer.expires_in())
}

pub(crate) fn joined(error: &str, description: &str) -> String {
    let text = if description.is_empty() { error.to_owned() } else { format!("{error}: {description}") };
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(500).collect()
}

/// A refusal in the provider's own words.
pub(crate) fn refused(host: &str, error: &str, description: &str) -> SignInError {
    let why = Refusal::of(error, description);
    SignInError::Refused { host: host.to_owned(), why, told: joined(error, description) }
}

/// A failure of the token endpoint. Bodies are left out: they may hold a token.
pub(crate) fn failed<T>(
    host: &str,
    error: RequestTokenError<TransportError, oauth2::StandardErrorResponse<T>>,
    name: impl Fn(&T) -> String,
) -> SignInError
where
    T: oauth2::ErrorResponseType + 'static,
    oauth2::StandardErrorResponse<T>: oauth2::ErrorResponse,
{
    let bad = |what: String| SignInError::BadAnswer { host: host.to_owned(), what };
    match error {
        RequestTokenError::ServerResponse(told) => {
            let description = told.error_description().map(String::as_str).unwrap_or_default();
            refused(host, &name(told.error()), description)
        }
        RequestTokenError::Request(error) => SignInError::Transport(error),
        RequestTokenError::Parse(error, _) => {
            let (path, text) = (error.path().to_string(), error.inner().to_string());
            // Only the name of a field is kept: the rest may be a value.
            let missing = text.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
            bad(match missing {
                Some(field) => format!("it has no \"{field}\""),
                None if path == "." => "it is not the JSON that it should be".to_owned(),
                None => format!("its \"{path}\" is of another kind than it should be"),
            })
        }
        RequestTokenError::Other(text) => bad(text.chars().take(200).collect()),
    }
}

/// Whether the provider says that it does not know this way to sign in, and not with a number that says more.
pub(crate) fn is_not_offered(error: &str, description: &str) -> bool {
    match error {
        "unsupported_grant_type" | "unsupported_response_type" => true,
        "unauthorized_client" => !description.contains("AADSTS"),
        _ => false,
    }
}
