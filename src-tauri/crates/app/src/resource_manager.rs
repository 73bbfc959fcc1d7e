//! Asking the administrator Resource Manager: who signs in, whose certificate counts, what it tells. The token lives in one call.

use arm::{
    Arm, ArmError, BrowserSignIn, DeviceSignIn, Http, IdentityProvider, Metadata, Place, Root, SignInError,
    SignInOptions, TransportError, Untrusted,
};
use contract::{ArmAsk, ArmCode, ArmStep, Fault, RootChoice};
use pep::fault::code;
use pep::roots::Roots;
use serde_json::json;

use crate::{App, convert, find, stamps};

/// A sign-in that waits for somebody.
pub(crate) struct Pending {
    http: Http,
    metadata: Metadata,
    place: String,
    region: Option<String>,
    waiting: Waiting,
}

enum Waiting {
    Browser(BrowserSignIn),
    Code(DeviceSignIn),
}

/// A certificate that was refused, and what could be trusted instead.
pub(crate) struct Offer {
    place: String,
    root: Option<Root>,
}

/// Why it did not tell.
enum Asked {
    Arm(ArmError),
    SignIn(SignInError),
}

impl From<ArmError> for Asked {
    fn from(error: ArmError) -> Self {
        Self::Arm(error)
    }
}

impl From<SignInError> for Asked {
    fn from(error: SignInError) -> Self {
        Self::SignIn(error)
    }
}

impl App {
    pub(crate) fn roots(&self) -> Roots {
        Roots::load(&self.host.data_folder().join("roots.json"))
    }

    /// Asks the Resource Manager who signs people in, and begins the sign-in. The browser of this computer is opened for it.
    pub async fn arm_begin(&self, ask: ArmAsk) -> Result<ArmStep, Fault> {
        // Whoever asks again does not wait for the former answer.
        self.arm_stop();
        let (place, begun) = match self.begin(&ask).await {
            Ok((place, begun)) => (place, begun),
            Err(fault) => return Ok(ArmStep::Failed { fault: convert::fault(&fault) }),
        };
        let (http, metadata, waiting) = match begun {
            Ok(begun) => begun,
            Err(error) => return Ok(self.refused(&place, error)),
        };
        let options = SignInOptions::default();
        let (provider, code, seconds, not_opened) = match &waiting {
            Waiting::Browser(sign_in) => {
                let opened = self.open_in_browser(sign_in.url().to_string()).await;
                let fault = opened.err().as_ref().map(convert::fault);
                (sign_in.url().host_str(), None, options.time, fault)
            }
            Waiting::Code(sign_in) => {
                let code = ArmCode { page: sign_in.url().to_string(), code: sign_in.user_code().to_owned() };
                (sign_in.url().host_str(), Some(code), sign_in.time(), None)
            }
        };
        let step = ArmStep::SignIn {
            host: place.clone(),
            provider: provider.unwrap_or_default().to_owned(),
            code,
            seconds: u32::try_from(seconds.as_secs()).unwrap_or(u32::MAX),
            not_opened,
        };
        let region = Place::of(&ask.address).map(|place| place.region);
        let mut inner = self.lock();
        inner.arm_page = match &waiting {
            Waiting::Browser(sign_in) => Some(sign_in.url().to_string()),
            Waiting::Code(sign_in) => Some(sign_in.url().to_string()),
        };
        inner.arm = Some(Pending { http, metadata, place, region, waiting });
        drop(inner);
        Ok(step)
    }

    #[allow(clippy::type_complexity, reason = "the place is known whether or not the rest is")]
    async fn begin(&self, ask: &ArmAsk) -> Result<(String, Result<(Http, Metadata, Waiting), Asked>), pep::Fault> {
        let endpoint = Place::resource_manager_of(&ask.address).map_err(|error| pep::Fault::of_arm(&error))?;
        let place = endpoint.host_str().unwrap_or_default().to_owned();
        let roots = self.roots().of(&place);
        let begun = async {
            let http = Http::new(&roots)?;
            let metadata = Metadata::read(&http, &endpoint).await?;
            let options = SignInOptions::default();
            let provider = IdentityProvider::of(&metadata, &options)?;
            let waiting = if ask.by_code {
                Waiting::Code(DeviceSignIn::begin(&http, provider, options).await?)
            } else {
                Waiting::Browser(BrowserSignIn::begin(&http, provider, options).await?)
            };
            Ok((http, metadata, waiting))
        };
        Ok((place, begun.await))
    }

    /// Waits until somebody has signed in, and reads what the Resource Manager tells. Nothing of the token is kept.
    pub async fn arm_finish(&self) -> Result<ArmStep, Fault> {
        let Some(pending) = self.lock().arm.take() else { return Ok(ArmStep::Nothing) };
        let mut stopped = self.arm_stops.subscribe();
        let Pending { http, metadata, place, region, waiting } = pending;
        let telling = async {
            let token = match waiting {
                Waiting::Browser(sign_in) => sign_in.finish().await?,
                Waiting::Code(sign_in) => sign_in.finish().await?,
            };
            Ok::<_, Asked>(Arm::new(&http, &metadata, token).region(region.as_deref()).find().await?)
        };
        let told = tokio::select! {
            told = telling => told,
            // Dropping the attempt ends it; nothing is left behind.
            _ = stopped.changed() => return Ok(ArmStep::Nothing),
        };
        Ok(match told {
            Ok(locations) => {
                let found = pep::find::of_locations(&metadata, &locations);
                ArmStep::Read { found: Box::new(self.found(&found)) }
            }
            Err(error) => self.refused(&place, error),
        })
    }

    /// Opens the page of the sign-in, again or for the code, in the browser of this computer.
    pub async fn arm_open(&self) -> Result<(), Fault> {
        let page = self.lock().arm_page.clone();
        let Some(page) = page else { return Ok(()) };
        self.open_in_browser(page).await.map_err(|fault| convert::fault(&fault))
    }

    /// Gives up asking.
    pub async fn arm_cancel(&self) -> Result<(), Fault> {
        self.arm_stop();
        Ok(())
    }

    fn arm_stop(&self) {
        let mut inner = self.lock();
        inner.arm = None;
        inner.arm_page = None;
        self.arm_stops.send_modify(|()| {});
    }

    /// What is told about a refusal; a certificate is kept as an offer.
    fn refused(&self, place: &str, error: Asked) -> ArmStep {
        let (fault, transport) = match &error {
            Asked::Arm(error) => (
                pep::Fault::of_arm(error),
                match error {
                    ArmError::Transport(transport) => Some(transport),
                    _ => None,
                },
            ),
            Asked::SignIn(error) => (
                pep::Fault::of_arm_sign_in(error),
                match error {
                    SignInError::Transport(transport) => Some(transport),
                    _ => None,
                },
            ),
        };
        let fault = convert::fault(&fault);
        match transport {
            Some(TransportError::Certificate(untrusted)) => self.untrusted(place, fault, untrusted),
            _ => ArmStep::Failed { fault },
        }
    }

    fn untrusted(&self, place: &str, fault: Fault, untrusted: &Untrusted) -> ArmStep {
        let can_trust = untrusted.fault == arm::CertificateFault::UnknownIssuer;
        let root = untrusted.offer.clone().filter(|_| can_trust);
        let offer = root.as_ref().map(convert::root);
        self.lock().offer = can_trust.then(|| Offer { place: place.to_owned(), root });
        ArmStep::Untrusted { fault, offer, can_trust }
    }

    /// Trusts a root for the stamp whose certificate was refused last; answers whether it is trusted now. The operating system
    /// asks too: page script alone cannot change whom we trust (T-13).
    pub async fn arm_trust(&self, root: RootChoice) -> Result<bool, Fault> {
        let Some(Offer { place, root: offered }) = self.lock().offer.take() else { return Ok(false) };
        let chosen = match root {
            RootChoice::Offered { sha256 } => offered.filter(|root| root.fingerprint() == sha256),
            RootChoice::File => match self.host.pick_file().await {
                Some(path) => Some(root_of(&path).await.map_err(|fault| convert::fault(&fault))?),
                None => None,
            },
        };
        let Some(root) = chosen else { return Ok(false) };
        let text = format!(
            "Trust \"{}\" for the web services of {place}, and for nothing else?\n\nSHA-256 {}",
            crate::shown::shown(&root.subject),
            root.fingerprint()
        );
        if !self.host.confirm("Trust a root".to_owned(), text).await {
            return Ok(false);
        }
        let kept = self.roots().keep(&place, &root, stamps::now());
        kept.map_err(|error| convert::fault(&self.unusable(error)))?;
        let line = json!({ "place": place, "subject": root.subject, "sha256": root.fingerprint() });
        self.note_decision("root_trusted", line).await;
        Ok(true)
    }
}

async fn root_of(path: &std::path::Path) -> Result<Root, pep::Fault> {
    let wrong =
        |what: &dyn std::fmt::Display| pep::Fault::new(code::CERTIFICATE_WRONG).with("host", "this file").detail(what);
    let bytes = find::read(path).await.map_err(|error| match error {
        Ok(error) => wrong(&error),
        Err(fault) => fault,
    })?;
    let mut roots = Root::read_all(&bytes).map_err(|error| wrong(&error))?;
    match (roots.pop(), roots.is_empty()) {
        (Some(root), true) => Ok(root),
        _ => Err(wrong(&"the file holds more than one certificate")),
    }
}
