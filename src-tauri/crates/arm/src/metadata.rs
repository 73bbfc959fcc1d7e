//! What the Resource Manager tells everybody: who signs people in, and for which audience.

use http::StatusCode;
use serde_json::Value;
use url::Url;

use crate::http::json;
use crate::version::{best, error_of, offered};
use crate::{ArmError, Http};

/// The version that is documented for Azure Stack Hub.
const VERSION: &str = "2015-01-01";
/// The one whose answer is a list.
const LIST_VERSION: &str = "2019-05-01";

/// The endpoints of a stamp.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// The address that was asked.
    pub endpoint: Url,
    /// Where people sign in.
    pub login: Url,
    /// For what a token has to be asked; the first one counts.
    pub audiences: Vec<String>,
    /// The administrator portal.
    pub portal: Option<Url>,
    /// The directory, where it is told.
    pub tenant: Option<String>,
    /// Whether it says that its identity provider is AD FS.
    pub is_adfs: bool,
    /// The version that answered.
    pub version: String,
}

impl Metadata {
    /// Asks the Resource Manager at this address. Nothing about a user is sent.
    ///
    /// # Errors
    /// When something else answers there, or nothing.
    pub async fn read(http: &Http, endpoint: &Url) -> Result<Self, ArmError> {
        let mut version = VERSION.to_owned();
        let mut answer = http.get(&address(endpoint, &version)?, None).await?;
        if let Some(offered) = offered(&answer) {
            let known = offered.iter().find(|version| *version == LIST_VERSION).or_else(|| best(&offered)).cloned();
            let Some(next) = known else { return Err(ArmError::UnknownVersion { offered }) };
            version = next;
            answer = http.get(&address(endpoint, &version)?, None).await?;
            if crate::version::offered(&answer).is_some() {
                return Err(ArmError::UnknownVersion { offered });
            }
        }
        let not_arm = |what: &str| ArmError::NotArm {
            host: endpoint.host_str().unwrap_or_default().to_owned(),
            status: answer.status.as_u16(),
            what: what.chars().take(120).collect(),
        };
        let told = error_of(&answer.body).map(|(code, _)| code.chars().take(100).collect::<String>());
        let seconds = answer.wait().map(|time| time.as_secs());
        match answer.status {
            StatusCode::OK => {}
            StatusCode::TOO_MANY_REQUESTS => return Err(ArmError::Busy { seconds }),
            status if status.is_server_error() => {
                return Err(ArmError::Failed { status: status.as_u16(), code: told.unwrap_or_default(), seconds });
            }
            // These need no sign-in at a Resource Manager: whoever refuses them is another.
            status @ (StatusCode::FORBIDDEN | StatusCode::PROXY_AUTHENTICATION_REQUIRED) if told.is_none() => {
                let host = endpoint.host_str().unwrap_or_default().to_owned();
                return Err(ArmError::Between { host, status: status.as_u16() });
            }
            _ => return Err(not_arm(told.as_deref().unwrap_or("no error of a Resource Manager"))),
        }
        let value = json(&answer.body).map_err(|_| not_arm("the answer is no JSON, as of an ordinary web server"))?;
        Self::of(endpoint, &version, &value).map_err(|what| not_arm(&what))
    }

    fn of(endpoint: &Url, version: &str, value: &Value) -> Result<Self, String> {
        let entry = match value {
            // A list names clouds; that of a stamp holds itself, without a resourceManager.
            Value::Array(clouds) => {
                let is_ours = |cloud: &&Value| {
                    let told =
                        cloud.get("resourceManager").and_then(Value::as_str).and_then(|url| Url::parse(url).ok());
                    told.is_none_or(|url| url.host_str() == endpoint.host_str())
                };
                clouds.iter().find(is_ours).or_else(|| clouds.first()).ok_or("the list of endpoints is empty")?
            }
            other => other,
        };
        let text =
            |value: Option<&Value>| value.and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
        let authentication = entry.get("authentication").ok_or("it tells no \"authentication\"")?;
        let login = text(authentication.get("loginEndpoint")).ok_or("it tells no \"loginEndpoint\"")?;
        let login = Url::parse(&login).map_err(|_| "its \"loginEndpoint\" is no address")?;
        if login.scheme() != "https" || login.host().is_none() {
            return Err("its \"loginEndpoint\" is no HTTPS address".to_owned());
        }
        let audiences: Vec<String> = match authentication.get("audiences") {
            Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            Some(Value::String(one)) => vec![one.clone()],
            _ => Vec::new(),
        };
        if audiences.first().is_none_or(String::is_empty) {
            return Err("it tells no \"audiences\"".to_owned());
        }
        let portal = text(entry.get("portalEndpoint").or_else(|| entry.get("portal")));
        let tenant = text(authentication.get("tenant"));
        let provider = text(authentication.get("identityProvider")).unwrap_or_default();
        Ok(Self {
            endpoint: endpoint.clone(),
            is_adfs: provider.eq_ignore_ascii_case("adfs")
                || tenant.as_deref().is_some_and(|tenant| tenant.eq_ignore_ascii_case("adfs")),
            login,
            audiences,
            portal: portal.and_then(|portal| Url::parse(&portal).ok()),
            tenant,
            version: version.to_owned(),
        })
    }

    /// The audience that a token has to be asked for.
    #[must_use]
    pub fn audience(&self) -> &str {
        self.audiences.first().map_or("", String::as_str)
    }
}

fn address(endpoint: &Url, version: &str) -> Result<Url, ArmError> {
    let mut url = endpoint.join("metadata/endpoints").map_err(|_| ArmError::Address(endpoint.to_string()))?;
    url.query_pairs_mut().append_pair("api-version", version);
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Metadata, String> {
        let endpoint = Url::parse("https://adminmanagement.east.a.example/").unwrap();
        Metadata::of(&endpoint, VERSION, &serde_json::from_str(text).unwrap())
    }

    #[test]
    fn both_forms_are_read() {
        let object = read(
            r#"{"galleryEndpoint":"https://adminportal.east.a.example:30015/","graphEndpoint":"https://graph.windows.net/",
                "portalEndpoint":"https://adminportal.east.a.example/",
                "authentication":{"loginEndpoint":"https://login.example/","audiences":["https://adminmanagement.t.example/g"]}}"#,
        )
        .unwrap();
        assert_eq!((object.audience(), object.is_adfs), ("https://adminmanagement.t.example/g", false));
        assert_eq!(object.portal.unwrap().host_str(), Some("adminportal.east.a.example"));
        let list = read(
            r#"[{"name":"Other","resourceManager":"https://management.example/",
                 "authentication":{"loginEndpoint":"https://wrong.example/","audiences":["x"]}},
                {"name":"AzureStack-1","portal":"https://adminportal.east.a.example/",
                 "authentication":{"loginEndpoint":"https://adfs.east.a.example/adfs","audiences":["y"],"tenant":"adfs","identityProvider":"ADFS"}}]"#,
        )
        .unwrap();
        assert_eq!((list.audience(), list.is_adfs, list.login.host_str()), ("y", true, Some("adfs.east.a.example")));
    }

    #[test]
    fn what_is_missing_is_named() {
        for (text, what) in [
            ("[]", "empty"),
            ("{}", "authentication"),
            (r#"{"authentication":{}}"#, "loginEndpoint"),
            (r#"{"authentication":{"loginEndpoint":"http://a.example/","audiences":["x"]}}"#, "HTTPS"),
            (r#"{"authentication":{"loginEndpoint":"https://a.example/","audiences":[]}}"#, "audiences"),
            (r#"{"authentication":{"loginEndpoint":"https://a.example/","audiences":7}}"#, "audiences"),
        ] {
            assert!(read(text).unwrap_err().contains(what), "{text}");
        }
    }
}
