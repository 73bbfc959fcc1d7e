//! What the administrator Resource Manager tells (pep-facts A.4).

use arm::{ArmError, CertificateFault, Location, Metadata, Refusal, SignInError, TransportError, Untrusted};

use super::portal::learn;
use super::{Confidence, Fact, Found, Origin, Source};
use crate::Fault;
use crate::address::{self, Origin as From};
use crate::fault::code;

/// The candidates of all regions, and what else was told.
#[must_use]
pub fn of_locations(metadata: &Metadata, locations: &[Location]) -> Found {
    const SOURCE: Source = Source::ResourceManager;
    let mut found = Found::default();
    // What was asked, as it was asked: roots are kept under its name.
    found.learn(Fact::ResourceManager, metadata.endpoint.as_str(), SOURCE);
    let names = [Some(metadata.endpoint.as_str()), metadata.portal.as_ref().map(|portal| portal.as_str())];
    for place in names.into_iter().flatten().filter_map(arm::Place::of) {
        if place.site != arm::Site::Domain {
            learn(&place, &mut found, SOURCE);
        }
    }
    for location in locations {
        let from = format!("fabricLocations/{}", location.region);
        for text in &location.pep_addresses {
            match address::parse(text, From::File) {
                Ok(address) => found.add(address, Confidence::Known, Origin::new(SOURCE, &from)),
                Err(fault) => found.problem(SOURCE, fault),
            }
        }
        if location.pep_addresses.is_empty() {
            let fault = Fault::new(code::ARM_NO_ADDRESSES).with("region", location.region.as_str());
            found.problem(SOURCE, fault.detail(format!("{from} tells no addresses")));
        }
        let mut told = |fact, value: Option<&str>| found.learn(fact, value.unwrap_or_default(), SOURCE);
        told(Fact::Region, Some(&location.region));
        told(Fact::DeploymentId, location.deployment_id.as_deref());
        told(Fact::CloudId, location.cloud_id.as_deref());
        told(Fact::TimeServer, location.time_server.as_deref());
        for server in &location.dns_servers {
            told(Fact::DnsServer, Some(server));
        }
        let running = location.exclusive_operation_running.map(|running| if running { "true" } else { "false" });
        told(Fact::ExclusiveOperationRunning, running);
        told(Fact::ExclusiveOperation, location.exclusive_operation.as_deref());
        for (fact, time) in [
            (Fact::StartUpBegan, &location.start_up.0),
            (Fact::StartUpEnded, &location.start_up.1),
            (Fact::ShutDownBegan, &location.shut_down.0),
            (Fact::ShutDownEnded, &location.shut_down.1),
        ] {
            told(fact, time.as_deref());
        }
    }
    found
}

impl Fault {
    /// Of the administrator Resource Manager.
    #[must_use]
    pub fn of_arm(error: &ArmError) -> Self {
        let fault = match error {
            ArmError::Transport(TransportError::Certificate(untrusted)) => return Self::of_certificate(untrusted),
            ArmError::Transport(TransportError::Redirect { host, status, .. }) => {
                Self::new(code::ARM_BETWEEN).with("host", host.as_str()).with("status", status.to_string())
            }
            ArmError::Transport(
                answer @ (TransportError::NoTls { .. }
                | TransportError::BadHttp { .. }
                | TransportError::TooLarge { .. }),
            ) => Self::new(code::NOT_ARM).with("host", answer.host()),
            ArmError::Transport(transport) => Self::new(code::ARM_NOT_REACHED).with("host", transport.host()),
            ArmError::Address(text) => Self::new(code::NOT_ARM).with("host", text.as_str()),
            ArmError::PublicCloud(host) => Self::new(code::PUBLIC_CLOUD).with("address", host.as_str()),
            ArmError::NotArm { host, status, .. } => {
                Self::new(code::NOT_ARM).with("host", host.as_str()).with("status", status.to_string())
            }
            ArmError::Between { host, status } => {
                Self::new(code::ARM_BETWEEN).with("host", host.as_str()).with("status", status.to_string())
            }
            ArmError::NoProvider { host, code } | ArmError::NoGroup { host, code, .. } => {
                Self::new(code::ARM_NO_FABRIC).with("host", host.as_str()).with("answer", code.as_str())
            }
            ArmError::Root(_) => Self::new(code::CERTIFICATE_WRONG).with("host", "the root"),
            ArmError::UnknownVersion { .. } => Self::new(code::ARM_VERSION).with("why", error.to_string()),
            ArmError::BadToken | ArmError::ExpiredToken | ArmError::TokenRefused { .. } => Self::new(code::ARM_TOKEN),
            ArmError::WrongAudience { audience } => Self::new(code::ARM_AUDIENCE).with("audience", audience.as_str()),
            ArmError::MissingRole { .. } | ArmError::NoProviderSubscription { .. } | ArmError::NoRegion => {
                Self::new(code::ARM_ROLE)
            }
            ArmError::ForeignLink(_) | ArmError::TooManyPages(_) | ArmError::BadAnswer(_) => {
                Self::new(code::ARM_VERSION).with("why", error.to_string())
            }
            ArmError::Busy { .. } | ArmError::Failed { .. } => Self::new(code::ARM_FAILS),
        };
        fault.detail(error)
    }

    /// Of the sign-in for it.
    #[must_use]
    pub fn of_arm_sign_in(error: &SignInError) -> Self {
        let fault = match error {
            SignInError::Transport(transport) => match transport {
                TransportError::Certificate(untrusted) => return Self::of_certificate(untrusted),
                _ if transport.is_answer() => Self::new(code::SIGN_IN_FAILS).with("host", transport.host()),
                _ => Self::new(code::SIGN_IN_NOT_REACHED).with("host", transport.host()),
            },
            SignInError::BadAnswer { host, .. } => Self::new(code::SIGN_IN_FAILS).with("host", host.as_str()),
            SignInError::NoPort { .. } | SignInError::NotOffered { .. } | SignInError::Provider(_) => {
                Self::new(code::ARM_SIGN_IN_WAY)
            }
            SignInError::TimedOut(_) | SignInError::WrongAnswers | SignInError::CodeExpired => {
                Self::new(code::ARM_NO_SIGN_IN)
            }
            SignInError::Refused { host, why, told } => {
                let number = match why {
                    Refusal::Consent => code::SIGN_IN_CONSENT,
                    Refusal::Policy => code::SIGN_IN_POLICY,
                    Refusal::Application => code::SIGN_IN_APPLICATION,
                    Refusal::Resource => code::SIGN_IN_RESOURCE,
                    Refusal::Account => code::SIGN_IN_ACCOUNT,
                    Refusal::Declined => code::SIGN_IN_DECLINED,
                    Refusal::Grant | Refusal::Other => code::SIGN_IN_REFUSED,
                    Refusal::Temporary => code::SIGN_IN_FAILS,
                };
                Self::new(number).with("host", host.as_str()).with("told", told.as_str())
            }
        };
        fault.detail(error)
    }

    /// A certificate is refused in the same way wherever it is.
    fn of_certificate(untrusted: &Untrusted) -> Self {
        let number = match untrusted.fault {
            CertificateFault::UnknownIssuer => code::CERTIFICATE_ISSUER,
            _ => code::CERTIFICATE_WRONG,
        };
        let fault = Self::new(number).with("host", untrusted.host.as_str()).with("issuer", untrusted.issuer.as_str());
        let print = untrusted.offer.as_ref().map(arm::Root::fingerprint);
        let print = print.unwrap_or_else(|| "(the server did not send this root)".to_owned());
        fault.with("fingerprint", print).detail(untrusted)
    }
}
