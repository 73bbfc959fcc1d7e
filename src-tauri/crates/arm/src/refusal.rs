//! What the words of an identity provider mean: the error codes of OAuth, and the numbers with which Entra ID tells more.

use std::fmt;

/// Why there is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Nobody has allowed the application to read there.
    Consent,
    /// A rule of the directory forbids it: another device, place or way to prove oneself is wanted.
    Policy,
    /// The directory does not know the application, or does not let it sign in this way.
    Application,
    /// The directory does not know the stamp.
    Resource,
    /// The account may not sign in here.
    Account,
    /// A person declined, or the provider denied without a reason.
    Declined,
    /// What was brought to the exchange is not good, or no more.
    Grant,
    /// It fails now.
    Temporary,
    /// Something else.
    Other,
}

/// The numbers of Entra ID, as far as they say more than the code. Learn: Microsoft Entra authentication and authorization error codes
const NUMBERS: &[(Refusal, &[u32])] = &[
    (Refusal::Consent, &[65001, 65005, 90008, 90094, 90095]),
    (
        Refusal::Policy,
        &[50005, 50074, 50076, 50079, 50097, 50158, 53000, 53001, 53002, 53003, 53004, 53011, 530003, 530004, 530034],
    ),
    (Refusal::Application, &[700016, 700027, 7000218, 7000112, 50194]),
    (Refusal::Resource, &[50001, 500011, 500014, 650052, 650053, 650057, 90002, 50128]),
    (Refusal::Account, &[50020, 50034, 50053, 50055, 50057, 50105, 50126, 90072]),
    (Refusal::Declined, &[65004]),
    (Refusal::Grant, &[54005, 70000, 70008, 501481]),
    (Refusal::Temporary, &[90033, 90006, 50196]),
];

impl Refusal {
    /// Reads the error code, and the number in the description where there is one.
    /// RFC 6749 sections 4.1.2.1 and 5.2, OpenID Connect Core section 3.1.2.6, RFC 8707 section 2
    #[must_use]
    pub fn of(error: &str, description: &str) -> Self {
        let known = number(description)
            .and_then(|number| NUMBERS.iter().find(|(_, known)| known.contains(&number)).map(|(why, _)| *why));
        known.unwrap_or(match error {
            "consent_required" => Self::Consent,
            "interaction_required" | "login_required" | "account_selection_required" => Self::Policy,
            "unauthorized_client" | "invalid_client" => Self::Application,
            "invalid_resource" | "invalid_target" | "invalid_scope" => Self::Resource,
            "access_denied" | "authorization_declined" => Self::Declined,
            "invalid_grant" | "bad_verification_code" => Self::Grant,
            "server_error" | "temporarily_unavailable" => Self::Temporary,
            _ => Self::Other,
        })
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Consent => {
                "nobody in the directory has allowed this app to ask the stamp; an administrator of the directory has to consent once"
            }
            Self::Policy => {
                "a rule of the directory wants another device, network or proof; sign in in the browser on a computer that the rule \
                 allows, or ask whoever runs the directory"
            }
            Self::Application => {
                "the directory does not know the application that signs in, or not for this way; ask whoever runs the directory to \
                 allow Azure CLI, or use the other way to sign in"
            }
            Self::Resource => {
                "the directory does not know this stamp's Resource Manager; the account is of another directory, or the stamp is \
                 registered in another one"
            }
            Self::Account => "the account may not sign in in this directory; use an account of this stamp's directory",
            Self::Declined => "somebody declined, or it denied without a reason; begin again and agree",
            Self::Grant => "what the sign-in brought is not accepted, or no more; begin again",
            Self::Temporary => "it fails for the time being; try again later",
            Self::Other => "for a reason of its own",
        })
    }
}

/// The number of a description like `AADSTS65001: The user or administrator has not consented`.
fn number(description: &str) -> Option<u32> {
    let (_, after) = description.split_once("AADSTS")?;
    let end = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
    after.get(..end)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_says_more_than_the_code() {
        for (error, description, why) in [
            ("invalid_grant", "AADSTS65001: The user or administrator has not consented", Refusal::Consent),
            ("invalid_grant", "AADSTS53003: Access has been blocked", Refusal::Policy),
            ("invalid_grant", "AADSTS50076: you must use multi-factor authentication", Refusal::Policy),
            ("unauthorized_client", "AADSTS700016: Application was not found", Refusal::Application),
            ("invalid_request", "AADSTS500011: The resource principal was not found", Refusal::Resource),
            ("invalid_grant", "AADSTS50020: User account does not exist in tenant", Refusal::Account),
            ("access_denied", "AADSTS65004: User declined to consent", Refusal::Declined),
            ("invalid_grant", "AADSTS70008: The code has expired", Refusal::Grant),
            // A number that is not known leaves the code.
            ("consent_required", "AADSTS99999999999999: x", Refusal::Consent),
            ("invalid_client", "MSIS9602", Refusal::Application),
            ("access_denied", "", Refusal::Declined),
            ("temporarily_unavailable", "", Refusal::Temporary),
            ("invalid_request", "AADSTS", Refusal::Other),
        ] {
            assert_eq!(Refusal::of(error, description), why, "{error}: {description}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_words_are_taken(error in ".{0,40}", description in ".{0,80}") {
            let _ = Refusal::of(&error, &format!("AADSTS{description}"));
        }
    }
}
