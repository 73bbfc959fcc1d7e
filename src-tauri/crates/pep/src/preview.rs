//! Parameters as a person fills them in: as typed values for the endpoint, and as a PowerShell line for people.

use clixml::{DateTime, Object, PsString, Value};
use psrp::{Argument, Command, SecretText};
use spnego::Secret;

use crate::catalogue::{self, Risk};

/// A typed value of a parameter.
pub enum ParameterValue {
    /// A text
    Text(String),
    /// Several texts
    List(Vec<String>),
    /// A whole number
    Number(i64),
    /// A switch or Boolean
    Switch(bool),
    /// A moment, `yyyy-MM-ddTHH:mm:ss` with an offset
    Moment(String),
    /// An account with its password; without one only for a preview
    Credential(String, Option<Secret>),
    /// A secret text; without one only for a preview
    Secret(Option<Secret>),
}

/// What a part of a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Role {
    Cmdlet,
    Parameter,
    Value,
    Secret,
}

/// A part of a PowerShell line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The text.
    pub text: String,
    /// What it is.
    pub role: Role,
    /// What it does; may be empty.
    pub explanation: String,
}

/// A parameter that is not right, with the reason as a word key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterFault {
    /// Which.
    pub parameter: String,
    /// Why.
    pub reason: &'static str,
}

/// A command to run: a cmdlet with typed parameters in order. It is never script text (S-22).
pub struct RunSpec {
    /// The cmdlet.
    pub cmdlet: String,
    /// Its parameters.
    pub parameters: Vec<(String, ParameterValue)>,
}

impl RunSpec {
    /// The line in parts.
    #[must_use]
    pub fn parts(&self) -> Vec<Part> {
        let entry = catalogue::find(&self.cmdlet);
        let explain = |name: &str| {
            let found = entry
                .and_then(|entry| entry.parameters.iter().find(|parameter| parameter.name.eq_ignore_ascii_case(name)));
            found.map(|parameter| parameter.help.clone()).unwrap_or_default()
        };
        let summary = entry.map(|entry| entry.summary.clone()).unwrap_or_default();
        let mut parts = vec![Part { text: self.cmdlet.clone(), role: Role::Cmdlet, explanation: summary }];
        for (name, value) in &self.parameters {
            if matches!(value, ParameterValue::Switch(false)) {
                continue;
            }
            parts.push(Part { text: format!("-{name}"), role: Role::Parameter, explanation: explain(name) });
            let (text, role) = match value {
                ParameterValue::Switch(_) => continue,
                ParameterValue::Text(text) | ParameterValue::Moment(text) => (quote(text), Role::Value),
                ParameterValue::List(texts) => {
                    (texts.iter().map(|text| quote(text)).collect::<Vec<_>>().join(", "), Role::Value)
                }
                ParameterValue::Number(number) => (number.to_string(), Role::Value),
                ParameterValue::Credential(..) | ParameterValue::Secret(_) => {
                    ("<asked, not shown>".to_owned(), Role::Secret)
                }
            };
            parts.push(Part { text, role, explanation: String::new() });
        }
        parts
    }

    /// Whether it gives this account, `DOMAIN\\user` or `user@domain`, another password (S-13).
    #[must_use]
    pub fn changes_password_of(&self, account: &str) -> bool {
        let name = |account: &str| {
            let account = account.rsplit('\\').next().unwrap_or_default();
            account.split('@').next().unwrap_or_default().trim().to_lowercase()
        };
        let users = self.parameters.iter().filter(|(name, _)| name.eq_ignore_ascii_case("UserName"));
        // Another user's password says nothing about ours; without a name it may be anybody's.
        let mut others = users.filter_map(|(_, value)| match value {
            ParameterValue::Text(user) => Some(name(user) != name(account)),
            _ => None,
        });
        self.cmdlet.eq_ignore_ascii_case("Set-CloudAdminUserPassword") && !others.next().unwrap_or(false)
    }

    /// The line as one text.
    #[must_use]
    pub fn text(&self) -> String {
        self.parts().into_iter().map(|part| part.text).collect::<Vec<_>>().join(" ")
    }

    /// What it may do with these parameters: a health check with a service administrator creates test resources.
    #[must_use]
    pub fn risk(&self) -> Risk {
        let risk = catalogue::risk(&self.cmdlet);
        let creates = self.cmdlet.eq_ignore_ascii_case("Test-AzureStack")
            && self.parameters.iter().any(|(name, _)| name.to_lowercase().contains("serviceadmin"));
        if creates { Risk::Change } else { risk }
    }

    /// Parameters that are not right.
    #[must_use]
    pub fn faults(&self) -> Vec<ParameterFault> {
        let mut faults = Vec::new();
        for (name, value) in &self.parameters {
            let reason = match value {
                ParameterValue::Text(text) if hidden(text) => Some("hiddenCharacters"),
                ParameterValue::List(texts) if texts.iter().any(|text| hidden(text)) => Some("hiddenCharacters"),
                ParameterValue::Moment(text) if moment(text).is_none() => Some("noMoment"),
                ParameterValue::Text(text) if is_share(name) && !text.starts_with(r"\\") => Some("noShare"),
                _ => None,
            };
            faults.extend(reason.map(|reason| ParameterFault { parameter: name.clone(), reason }));
        }
        let given = |name: &str| self.parameters.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
        let known = catalogue::find(&self.cmdlet).map_or(&[][..], |entry| entry.parameters.as_slice());
        let missing = known.iter().filter(|parameter| parameter.mandatory && !given(&parameter.name));
        faults.extend(missing.map(|parameter| ParameterFault { parameter: parameter.name.clone(), reason: "missing" }));
        // Both together are refused by the endpoint (pep-facts C.4).
        if given("FilterByRole") && given("FilterByResourceProvider") {
            faults.push(ParameterFault { parameter: "FilterByResourceProvider".to_owned(), reason: "conflict" });
        }
        faults
    }

    /// The command for the endpoint. Passwords that are missing are empty.
    #[must_use]
    pub fn into_command(self) -> Command {
        let mut command = Command::new(self.cmdlet.as_str());
        for (name, value) in self.parameters {
            let secret = |secret: Option<Secret>| SecretText::new(secret.as_ref().map_or("", Secret::expose));
            let argument: Argument = match value {
                ParameterValue::Switch(false) => continue,
                ParameterValue::Switch(true) => true.into(),
                ParameterValue::Text(text) => text.into(),
                ParameterValue::List(texts) => {
                    let list = Object::list(texts.into_iter().map(Value::from).collect());
                    list.typed(["System.String[]", "System.Array", "System.Object"]).into()
                }
                ParameterValue::Number(number) => i32::try_from(number).map_or(Value::I64(number), Value::I32).into(),
                ParameterValue::Moment(text) => {
                    moment(&text).map_or_else(|| Value::from(text.as_str()), Value::DateTime).into()
                }
                ParameterValue::Credential(user, password) => {
                    Argument::Credential { user: PsString::from(user.as_str()), password: secret(password) }
                }
                ParameterValue::Secret(password) => secret(password).into(),
            };
            command = command.parameter(name.as_str(), argument);
        }
        command
    }
}

fn moment(text: &str) -> Option<DateTime> {
    DateTime::parse(text).filter(|moment| matches!(moment.zone, clixml::Zone::Offset(_)))
}

fn is_share(parameter: &str) -> bool {
    ["OutputSharePath", "TranscriptsPathDestination"].iter().any(|known| known.eq_ignore_ascii_case(parameter))
}

/// Whether a text holds characters that cannot be seen or that turn the direction of reading (S-22).
fn hidden(text: &str) -> bool {
    text.chars().any(|c| {
        (c.is_control() && !matches!(c, '\t' | '\n' | '\r'))
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    })
}

/// A PowerShell string literal; plain words stand for themselves.
fn quote(text: &str) -> String {
    let plain = !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    if plain && !text.starts_with('-') { text.to_owned() } else { format!("'{}'", text.replace('\'', "''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(cmdlet: &str, parameters: Vec<(&str, ParameterValue)>) -> RunSpec {
        RunSpec {
            cmdlet: cmdlet.into(),
            parameters: parameters.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        }
    }

    #[test]
    fn a_line_is_quoted_and_shows_no_secret() {
        let spec = spec(
            "Get-AzureStackLog",
            vec![
                ("FilterByRole", ParameterValue::List(vec!["Storage".into(), "O'Neil; rm".into()])),
                ("OutputSharePath", ParameterValue::Text(r"\\10.0.0.9\logs".into())),
                (
                    "OutputShareCredential",
                    ParameterValue::Credential("C\\w".into(), Some(Secret::from("hush".to_owned()))),
                ),
                ("IncludeDumpFile", ParameterValue::Switch(false)),
                ("TimeOutInMinutes", ParameterValue::Number(90)),
            ],
        );
        assert_eq!(
            spec.text(),
            r"Get-AzureStackLog -FilterByRole Storage, 'O''Neil; rm' -OutputSharePath '\\10.0.0.9\logs' -OutputShareCredential <asked, not shown> -TimeOutInMinutes 90"
        );
        assert_eq!(spec.faults(), []);
    }

    #[test]
    fn s13_the_password_of_this_account_is_told_from_that_of_another() {
        let of = |cmdlet: &str, user: &str| {
            let user = (!user.is_empty()).then(|| ("username".to_owned(), ParameterValue::Text(user.to_owned())));
            RunSpec { cmdlet: cmdlet.to_owned(), parameters: user.into_iter().collect() }
        };
        for (user, account, changes) in [
            ("CloudAdmin", r"CONTOSO\cloudadmin", true),
            (r"CONTOSO\CloudAdmin", "CloudAdmin@contoso.local", true),
            ("Other", r"CONTOSO\CloudAdmin", false),
            ("CloudAdmin2", r"CONTOSO\CloudAdmin", false),
            ("", r"CONTOSO\CloudAdmin", true),
        ] {
            assert_eq!(
                of("set-cloudadminuserpassword", user).changes_password_of(account),
                changes,
                "{user:?} {account}"
            );
            assert!(!of("Get-CloudAdminUserList", user).changes_password_of(account));
        }
    }

    #[test]
    fn s22_hidden_characters_and_wrong_values_are_faults() {
        let reasons = |parameters| {
            spec("Get-AzureStackLog", parameters).faults().into_iter().map(|fault| fault.reason).collect::<Vec<_>>()
        };
        assert_eq!(
            reasons(vec![("FilterByNode", ParameterValue::List(vec!["a\u{202e}b".into()]))]),
            ["hiddenCharacters"]
        );
        assert_eq!(reasons(vec![("FromDate", ParameterValue::Moment("yesterday".into()))]), ["noMoment"]);
        assert_eq!(reasons(vec![("OutputSharePath", ParameterValue::Text(r"C:\logs".into()))]), ["noShare"]);
    }
}
