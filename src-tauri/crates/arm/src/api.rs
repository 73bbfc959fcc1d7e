//! Subscriptions and fabric locations of the administrator Resource Manager.

use http::StatusCode;
use http::header::WWW_AUTHENTICATE;
use serde_json::{Map, Value};
use url::Url;

use crate::http::{Answer, json};
use crate::version::{best, error_of, offered};
use crate::{AccessToken, ArmError, Http, Metadata, Place};

/// The subscription that holds the fabric.
const PROVIDER_SUBSCRIPTION: &str = "Default Provider Subscription";
/// Version of subscriptions and resource groups; 2016-05-01 is documented, but stamps do not list it.
const SUBSCRIPTIONS_VERSION: &str = "2016-06-01";
/// Version of the fabric.
const FABRIC_VERSION: &str = "2016-05-01";
/// The most pages of a list.
const MOST_PAGES: usize = 100;
/// The most items of a list that are kept; no stamp has as many.
const MOST_LISTED: usize = 10_000;
/// The most addresses of a location (P-09).
const MOST_ADDRESSES: usize = 16;

/// The longest text that is kept, in characters.
const LONGEST: usize = 4_096;

/// A subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Its id.
    pub id: String,
    /// Its display name.
    pub name: String,
}

/// A region of a stamp, as `Microsoft.Fabric.Admin/fabricLocations` tells of it. What a build does not tell is empty or none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Location {
    /// The region.
    pub region: String,
    /// The addresses of the privileged endpoints.
    pub pep_addresses: Vec<String>,
    /// The deployment's id.
    pub deployment_id: Option<String>,
    /// The Cloud ID.
    pub cloud_id: Option<String>,
    /// The time server.
    pub time_server: Option<String>,
    /// The external DNS servers: addresses or names.
    pub dns_servers: Vec<String>,
    /// Whether an update or another operation runs that must be alone.
    pub exclusive_operation_running: Option<bool>,
    /// Its name, while it runs.
    pub exclusive_operation: Option<String>,
    /// When the stamp was started last: begin and end as it tells.
    pub start_up: (Option<String>, Option<String>),
    /// When it was shut down last: begin and end as it tells.
    pub shut_down: (Option<String>, Option<String>),
}

/// The administrator Resource Manager, with a token.
pub struct Arm {
    http: Http,
    endpoint: Url,
    audience: String,
    portal: Option<Url>,
    token: AccessToken,
    region: Option<String>,
}

impl Arm {
    /// Uses a token with the Resource Manager that gave these metadata.
    #[must_use]
    pub fn new(http: &Http, metadata: &Metadata, token: AccessToken) -> Self {
        Self {
            http: http.clone(),
            endpoint: metadata.endpoint.clone(),
            audience: metadata.audience().to_owned(),
            portal: metadata.portal.clone(),
            token,
            region: None,
        }
    }

    /// With the region, where somebody knows it; the names of the Resource Manager and the portal come first.
    #[must_use]
    pub fn region(mut self, region: Option<&str>) -> Self {
        self.region = region.map(str::to_owned);
        self
    }

    /// The regions that the Default Provider Subscription shows, with the addresses of their privileged endpoints.
    ///
    /// # Errors
    /// When the token, its role, or the Resource Manager does not allow it.
    pub async fn find(&self) -> Result<Vec<Location>, ArmError> {
        let subscription = self.provider_subscription().await?;
        let Some(known) = self.known_region() else {
            return match self.listed_regions(&subscription).await {
                Err(ArmError::NotArm { .. } | ArmError::MissingRole { .. }) => Err(ArmError::NoRegion),
                listed => self.of_regions(&subscription, &listed?).await,
            };
        };
        match self.of_regions(&subscription, std::slice::from_ref(&known)).await {
            // A name outside may differ from the region inside: the resource groups tell it.
            Err(error @ ArmError::NoGroup { .. }) => {
                let mut listed = self.listed_regions(&subscription).await.unwrap_or_default();
                listed.retain(|region| !region.eq_ignore_ascii_case(&known));
                if listed.is_empty() { Err(error) } else { self.of_regions(&subscription, &listed).await }
            }
            told => told,
        }
    }

    async fn of_regions(&self, subscription: &str, regions: &[String]) -> Result<Vec<Location>, ArmError> {
        let mut found = Vec::new();
        for region in regions {
            let listed = self.locations(subscription, region).await?;
            if listed.is_empty() {
                found.push(self.location(subscription, region, region).await?);
            }
            for location in listed {
                // A list may leave out what the single answer tells.
                if !location.pep_addresses.is_empty() {
                    found.push(location);
                    continue;
                }
                match self.location(subscription, region, &location.region).await {
                    Err(ArmError::NoGroup { .. }) => found.push(location),
                    told => found.push(told?),
                }
            }
        }
        if found.is_empty() { Err(ArmError::NoRegion) } else { Ok(found) }
    }

    /// All subscriptions that the account sees.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub async fn subscriptions(&self) -> Result<Vec<Subscription>, ArmError> {
        self.listed_subscriptions(|_| false).await
    }

    /// The subscriptions up to the page with one that is enough.
    async fn listed_subscriptions(
        &self,
        is_enough: impl Fn(&Subscription) -> bool,
    ) -> Result<Vec<Subscription>, ArmError> {
        let read = |item: &Map<String, Value>| {
            Some(Subscription { id: text(item, "subscriptionId")?, name: text(item, "displayName")? })
        };
        self.list(&["subscriptions"], SUBSCRIPTIONS_VERSION, read, is_enough).await
    }

    async fn provider_subscription(&self) -> Result<String, ArmError> {
        let wanted = |one: &Subscription| one.name.trim().eq_ignore_ascii_case(PROVIDER_SUBSCRIPTION);
        let all = self.listed_subscriptions(wanted).await?;
        match all.iter().find(|one| wanted(one)) {
            Some(found) => Ok(found.id.clone()),
            None => {
                Err(ArmError::NoProviderSubscription { seen: all.into_iter().take(20).map(|one| one.name).collect() })
            }
        }
    }

    /// The region out of the names of the Resource Manager or the portal, else as somebody knows it.
    fn known_region(&self) -> Option<String> {
        let named = |url: &Url, label: &str| {
            url.domain().filter(|host| host.starts_with(label)).and_then(Place::of).map(|place| place.region)
        };
        named(&self.endpoint, "adminmanagement.")
            .or_else(|| self.portal.as_ref().and_then(|portal| named(portal, "adminportal.")))
            .or_else(|| self.region.clone())
    }

    /// The regions out of the resource groups `System.<region>`.
    async fn listed_regions(&self, subscription: &str) -> Result<Vec<String>, ArmError> {
        let region = |group: &Map<String, Value>| {
            let name = text(group, "name")?;
            let (system, region) = name.split_once('.')?;
            system.eq_ignore_ascii_case("system").then(|| region.to_owned())
        };
        let path = ["subscriptions", subscription, "resourcegroups"];
        let listed = self.list(&path, SUBSCRIPTIONS_VERSION, region, |_| false).await?;
        Ok(listed.into_iter().take(16).collect())
    }

    /// The locations of a region.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub async fn locations(&self, subscription: &str, region: &str) -> Result<Vec<Location>, ArmError> {
        let group = format!("System.{region}");
        self.list(&path(subscription, &group), FABRIC_VERSION, Location::read, |_| false).await
    }

    /// One location.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub async fn location(&self, subscription: &str, region: &str, name: &str) -> Result<Location, ArmError> {
        let group = format!("System.{region}");
        let mut path = path(subscription, &group).to_vec();
        path.push(name);
        let value = self.get(&path, FABRIC_VERSION).await?;
        let location = value.as_object().and_then(Location::read);
        location.ok_or_else(|| ArmError::BadAnswer("it is no fabric location".to_owned()))
    }

    /// All pages of a list, of which only what is read is kept: a page may have 8 MiB.
    async fn list<T>(
        &self,
        path: &[&str],
        version: &str,
        read: impl Fn(&Map<String, Value>) -> Option<T>,
        is_enough: impl Fn(&T) -> bool,
    ) -> Result<Vec<T>, ArmError> {
        let mut page = self.get(path, version).await?;
        let mut items = Vec::new();
        for _ in 0..MOST_PAGES {
            let Value::Object(mut object) = page else { return Err(ArmError::BadAnswer("it is no list".to_owned())) };
            let Some(Value::Array(listed)) = object.remove("value") else {
                return Err(ArmError::BadAnswer("it is no list".to_owned()));
            };
            let room = MOST_LISTED.saturating_sub(items.len());
            items.extend(listed.iter().filter_map(|item| read(item.as_object()?)).take(room));
            // A link that leads nowhere does no harm when nobody needs it.
            if items.iter().any(&is_enough) {
                return Ok(items);
            }
            let Some(next) = text(&object, "nextLink") else { return Ok(items) };
            let next =
                self.endpoint.join(&next).map_err(|_| ArmError::BadAnswer("nextLink is no address".to_owned()))?;
            // The token is shown to nobody else.
            if next.origin() != self.endpoint.origin() {
                return Err(ArmError::ForeignLink(next.origin().ascii_serialization().chars().take(200).collect()));
            }
            let answer = self.http.get(&next, Some(&self.token)).await?;
            page = self.judge(answer)?;
        }
        Err(ArmError::TooManyPages(MOST_PAGES))
    }

    /// One answer; with another version, once, where this one is refused.
    async fn get(&self, path: &[&str], version: &str) -> Result<Value, ArmError> {
        let answer = self.http.get(&self.address(path, version)?, Some(&self.token)).await?;
        let Some(versions) = offered(&answer) else { return self.judge(answer) };
        let Some(next) = best(&versions).filter(|next| *next != version) else {
            return Err(ArmError::UnknownVersion { offered: versions });
        };
        let answer = self.http.get(&self.address(path, next)?, Some(&self.token)).await?;
        if offered(&answer).is_some() {
            Err(ArmError::UnknownVersion { offered: versions })
        } else {
            self.judge(answer)
        }
    }

    fn address(&self, path: &[&str], version: &str) -> Result<Url, ArmError> {
        let mut url = self.endpoint.clone();
        url.path_segments_mut()
            .map_err(|()| ArmError::Address(self.endpoint.to_string()))?
            .clear()
            .extend(path.iter().flat_map(|part| part.split('/')));
        url.query_pairs_mut().append_pair("api-version", version);
        Ok(url)
    }

    /// The status decides: a `WWW-Authenticate` header on an answer of 200 is no challenge, and recorded answers carry one.
    fn judge(&self, answer: Answer) -> Result<Value, ArmError> {
        if answer.status == StatusCode::OK {
            return json(&answer.body)
                .map_err(|_| ArmError::BadAnswer(format!("it is {} instead of JSON", answer.kind())));
        }
        let told = error_of(&answer.body);
        let is_told = told.is_some();
        let (code, mut message) = told.unwrap_or_default();
        // On a 401 the header may say more than the body does. RFC 6750 section 3
        let challenge = answer.headers.get(WWW_AUTHENTICATE).and_then(|value| value.to_str().ok());
        message.push_str(challenge.unwrap_or_default());
        let (status, seconds) = (answer.status.as_u16(), answer.wait().map(|time| time.as_secs()));
        let host = self.endpoint.host_str().unwrap_or_default().to_owned();
        let told: String = code.chars().take(100).collect();
        let code = if told.is_empty() { format!("HTTP {status}") } else { told.clone() };
        Err(match status {
            401 if code == "ExpiredAuthenticationToken" || message.contains("expired") => ArmError::ExpiredToken,
            401 if code == "InvalidAuthenticationTokenAudience" || message.contains("audience") => {
                ArmError::WrongAudience { audience: self.audience.clone() }
            }
            401 if self.token.is_over() => ArmError::ExpiredToken,
            // RFC 9470: the account has to sign in once more, with a proof that it has not given.
            401 if message.contains("insufficient_claims") => {
                ArmError::TokenRefused { code: format!("{code}, insufficient_claims") }
            }
            401 => ArmError::TokenRefused { code },
            403 | 407 if !is_told => ArmError::Between { host, status },
            403 => ArmError::MissingRole { code },
            404 if code == "InvalidResourceNamespace" || code == "NoRegisteredProviderFound" => {
                ArmError::NoProvider { host, code }
            }
            404 if ["ResourceGroupNotFound", "ResourceNotFound"].contains(&code.as_str()) => {
                let what = if code == "ResourceNotFound" {
                    "this part of the fabric"
                } else {
                    "the resource group of the region"
                };
                let what = what.to_owned();
                ArmError::NoGroup { host, what, code }
            }
            429 => ArmError::Busy { seconds },
            500..=599 => ArmError::Failed { status, code: told, seconds },
            _ => ArmError::NotArm { host, status, what: code },
        })
    }
}

fn path<'a>(subscription: &'a str, group: &'a str) -> [&'a str; 5] {
    ["subscriptions", subscription, "resourceGroups", group, "providers/Microsoft.Fabric.Admin/fabricLocations"]
}

impl Location {
    fn read(item: &Map<String, Value>) -> Option<Self> {
        let empty = Map::new();
        let properties = field(item, "properties").and_then(Value::as_object).unwrap_or(&empty);
        let name = text(item, "name")?;
        let addresses = match field(properties, "pepIpAddresses") {
            Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).take(MOST_ADDRESSES).map(short).collect(),
            Some(Value::String(one)) => vec![short(one)],
            _ => Vec::new(),
        };
        let property = |name: &str| text(properties, name);
        // One old version of the API spells them differently.
        let dns = |at: &str| {
            property(&format!("externalDNSIPAddress{at}")).or_else(|| property(&format!("externalDsnIPAddress{at}")))
        };
        // The first day of all times means that it never happened.
        let time = |name: String| property(&name).filter(|time| !time.starts_with("0001-01-01"));
        let times = |what: &str| (time(format!("{what}ActionPlanStartTime")), time(format!("{what}ActionPlanEndTime")));
        Some(Self {
            region: name.rsplit('/').next().unwrap_or_default().to_owned(),
            pep_addresses: addresses,
            deployment_id: property("stampInformationId"),
            cloud_id: property("stampCloudId"),
            time_server: property("timeServer"),
            dns_servers: ["01", "02"].into_iter().filter_map(dns).collect(),
            exclusive_operation_running: field(properties, "exclusiveAdminOperationRunning")
                .and_then(|value| value.as_bool().or_else(|| Some(value.as_str()?.eq_ignore_ascii_case("true")))),
            exclusive_operation: property("exclusiveAdminOperationName"),
            start_up: times("startUp"),
            shut_down: times("shutDown"),
        })
    }
}

fn field<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// A text that is not empty.
fn text(object: &Map<String, Value>, name: &str) -> Option<String> {
    let text = field(object, name)?.as_str()?;
    (!text.is_empty()).then(|| short(text))
}

/// As much of a text as anybody needs.
fn short(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_read_whatever_a_build_leaves_out() {
        let read = |text: &str| Location::read(serde_json::from_str::<Value>(text).unwrap().as_object().unwrap());
        let whole = read(
            r#"{"name":"east/east","properties":{"pepIpAddresses":["192.0.2.224","192.0.2.225"],"stampInformationId":"3c2f","stampCloudId":"7d9f",
                "timeServer":"ntp.contoso.example","externalDNSIPAddress01":"azs-ns01","externalDsnIPAddress02":"azs-ns02",
                "exclusiveAdminOperationRunning":true,"exclusiveAdminOperationName":"Update","startUpActionPlanStartTime":"2018-01-01T00:00:00Z",
                "startUpActionPlanEndTime":"0001-01-01T00:00:00","shutDownActionPlanStartTime":"0001-01-01T00:00:00Z"}}"#,
        )
        .unwrap();
        assert_eq!((whole.region.as_str(), whole.pep_addresses.len()), ("east", 2));
        assert_eq!(whole.dns_servers, ["azs-ns01", "azs-ns02"]);
        assert_eq!(
            (whole.exclusive_operation_running, whole.exclusive_operation.as_deref()),
            (Some(true), Some("Update"))
        );
        assert_eq!(whole.start_up, (Some("2018-01-01T00:00:00Z".into()), None));
        assert_eq!(whole.shut_down, (None, None), "never");
        let little = read(
            r#"{"name":"east","properties":{"pepIpAddresses":"192.0.2.224","exclusiveAdminOperationRunning":"False"}}"#,
        );
        let little = little.unwrap();
        assert_eq!(
            (little.pep_addresses, little.exclusive_operation_running),
            (vec!["192.0.2.224".into()], Some(false))
        );
        // P-09: one below and one above
        let limited = |addresses: usize, length: usize| {
            let all = vec![format!("\"{}\"", "é".repeat(length)); addresses].join(",");
            let found = read(&format!(r#"{{"name":"east","properties":{{"pepIpAddresses":[{all}]}}}}"#)).unwrap();
            (found.pep_addresses.len(), found.pep_addresses[0].chars().count())
        };
        assert_eq!([limited(16, 4_096), limited(17, 4_097)], [(16, 4_096), (16, 4_096)]);
        assert_eq!([limited(15, 4_095)], [(15, 4_095)]);
        assert_eq!(read(r#"{"name":"east"}"#).unwrap(), Location { region: "east".into(), ..Location::default() });
        assert_eq!(read("{}"), None);
    }
}
