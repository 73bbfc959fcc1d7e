//! The identity provider of a stamp: Entra ID of whatever cloud, or AD FS on the stamp.

use std::time::Duration;

use oauth2::basic::BasicClient;
use oauth2::{AuthUrl, ClientId, DeviceAuthorizationUrl, EndpointNotSet, EndpointSet, Scope, TokenUrl};
use url::Url;

use crate::{Metadata, SignInError};

/// The public client that Azure CLI is; identity providers know it with loopback redirects.
pub const AZURE_CLI: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";
/// The public client that Azure PowerShell is.
pub const AZURE_POWERSHELL: &str = "1950a258-227b-4e31-a9cf-717495945fc2";
/// The only port whose redirect AD FS on a stamp knows for Azure CLI.
const ADFS_PORT: u16 = 8400;

/// Which kind it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Entra ID, with the directory.
    Entra {
        /// Its id or domain, or `organizations` where it is not known
        tenant: String,
    },
    /// AD FS, which has no directory in its paths and wants a `resource` instead of a scope.
    AdFs,
}

/// Where people sign in, and for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityProvider {
    /// Which kind it is.
    pub kind: Kind,
    /// For what a token is asked.
    pub audience: String,
    pub(crate) authorize: Url,
    pub(crate) token: Url,
    pub(crate) device: Url,
}

/// How to sign in.
#[derive(Debug, Clone)]
pub struct SignInOptions {
    /// The public client.
    pub client_id: String,
    /// The directory, where the metadata do not tell it.
    pub tenant: Option<String>,
    /// The ports for the browser's answer in the order in which they are tried; 0 takes any that is free. With none given: 8400 for
    /// AD FS, any for Entra ID.
    pub ports: Vec<u16>,
    /// How long somebody has to sign in.
    pub time: Duration,
}

impl Default for SignInOptions {
    fn default() -> Self {
        Self { client_id: AZURE_CLI.to_owned(), tenant: None, ports: Vec::new(), time: Duration::from_secs(300) }
    }
}

/// The library's client with the addresses of a provider.
pub(crate) type Client = BasicClient<EndpointSet, EndpointSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

impl IdentityProvider {
    /// The provider that the metadata name.
    ///
    /// # Errors
    /// When they name none that can be used.
    pub fn of(metadata: &Metadata, options: &SignInOptions) -> Result<Self, SignInError> {
        let bad = |what: &str| SignInError::Provider(what.to_owned());
        let mut base = metadata.login.clone();
        base.set_query(None);
        base.set_fragment(None);
        let mut path: Vec<String> =
            base.path_segments().into_iter().flatten().filter(|part| !part.is_empty()).map(str::to_owned).collect();
        let names_adfs = path.last().is_some_and(|last| last.eq_ignore_ascii_case("adfs"));
        let kind = if names_adfs || metadata.is_adfs {
            if !names_adfs {
                path.push("adfs".to_owned());
            }
            Kind::AdFs
        } else {
            let in_path = path.pop();
            let told = options.tenant.clone().or_else(|| metadata.tenant.clone()).or(in_path);
            Kind::Entra {
                tenant: told.or_else(|| tenant_of(metadata.audience())).unwrap_or_else(|| "organizations".into()),
            }
        };
        let with = |more: &[&str]| -> Result<Url, SignInError> {
            let mut url = base.clone();
            url.path_segments_mut()
                .map_err(|()| bad("its address has no path"))?
                .clear()
                .extend(path.iter().map(String::as_str))
                .extend(more);
            Ok(url)
        };
        let (authorize, token, device) = match &kind {
            Kind::AdFs => {
                (with(&["oauth2", "authorize"])?, with(&["oauth2", "token"])?, with(&["oauth2", "devicecode"])?)
            }
            Kind::Entra { tenant } => (
                with(&[tenant, "oauth2", "v2.0", "authorize"])?,
                with(&[tenant, "oauth2", "v2.0", "token"])?,
                with(&[tenant, "oauth2", "v2.0", "devicecode"])?,
            ),
        };
        Ok(Self { kind, audience: metadata.audience().to_owned(), authorize, token, device })
    }

    /// The host that a person will see in the browser.
    #[must_use]
    pub fn host(&self) -> &str {
        self.authorize.host_str().unwrap_or_default()
    }

    /// The ports for the browser's answer.
    pub(crate) fn ports(&self, options: &SignInOptions) -> Vec<u16> {
        match (&self.kind, options.ports.as_slice()) {
            (Kind::AdFs, []) => vec![ADFS_PORT],
            (Kind::Entra { .. }, []) => vec![0],
            (_, ports) => ports.to_vec(),
        }
    }

    /// Entra ID's second version wants the audience as a scope.
    pub(crate) fn scope(&self) -> Option<Scope> {
        match self.kind {
            Kind::Entra { .. } => Some(Scope::new(format!("{}/.default", self.audience))),
            Kind::AdFs => None,
        }
    }

    /// AD FS wants it as a resource.
    pub(crate) fn resource(&self) -> Option<&str> {
        (self.kind == Kind::AdFs).then_some(self.audience.as_str())
    }

    pub(crate) fn client(&self, options: &SignInOptions) -> Client {
        BasicClient::new(ClientId::new(options.client_id.clone()))
            .set_auth_uri(AuthUrl::from_url(self.authorize.clone()))
            .set_token_uri(TokenUrl::from_url(self.token.clone()))
            .set_device_authorization_url(DeviceAuthorizationUrl::from_url(self.device.clone()))
    }
}

/// The directory out of an audience like `https://adminmanagement.<directory>/<guid>`.
fn tenant_of(audience: &str) -> Option<String> {
    let url = Url::parse(audience).ok()?;
    let tenant = url.domain()?.split_once('.').filter(|(label, _)| label.ends_with("management"))?.1;
    tenant.contains('.').then(|| tenant.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider(login: &str, audience: &str, tenant: Option<&str>, options: &SignInOptions) -> IdentityProvider {
        let url = |text: &str| Url::parse(text).unwrap();
        let metadata = Metadata {
            endpoint: url("https://adminmanagement.east.a.example/"),
            login: url(login),
            audiences: vec![audience.to_owned()],
            portal: None,
            tenant: tenant.map(str::to_owned),
            is_adfs: false,
            version: String::new(),
        };
        IdentityProvider::of(&metadata, options).unwrap()
    }

    #[test]
    fn entra_of_any_cloud_has_the_directory_in_its_paths() {
        let options = SignInOptions::default();
        let audience = "https://adminmanagement.contoso.onmicrosoft.example/4de154de";
        for (login, told, tenant) in [
            ("https://login.microsoftonline.com/", None, "contoso.onmicrosoft.example"),
            ("https://login.sovereign.example/", Some("9f3f"), "9f3f"),
            ("https://login.sovereign.example/abcd/", None, "abcd"),
        ] {
            let provider = provider(login, audience, told, &options);
            assert_eq!(provider.kind, Kind::Entra { tenant: tenant.into() });
            assert!(provider.token.path().ends_with(&format!("/{tenant}/oauth2/v2.0/token")), "{}", provider.token);
            assert_eq!(provider.scope().unwrap().as_str(), format!("{audience}/.default"));
            assert_eq!((provider.resource(), provider.ports(&options)), (None, vec![0]));
        }
        let chosen = SignInOptions { tenant: Some("mine".into()), ..SignInOptions::default() };
        let chosen = provider("https://login.example/", audience, Some("told"), &chosen);
        assert_eq!(chosen.kind, Kind::Entra { tenant: "mine".into() });
        let unknown = provider("https://login.example/", "urn:x", None, &options);
        assert_eq!(unknown.kind, Kind::Entra { tenant: "organizations".into() });
    }

    #[test]
    fn adfs_has_none_and_wants_a_resource() {
        let options = SignInOptions::default();
        for login in ["https://adfs.east.a.example/adfs", "https://adfs.east.a.example/adfs/"] {
            let provider = provider(login, "https://adminmanagement.adfs.east.a.example/g", Some("ignored"), &options);
            assert_eq!(provider.kind, Kind::AdFs);
            assert_eq!(provider.authorize.as_str(), "https://adfs.east.a.example/adfs/oauth2/authorize");
            assert_eq!(provider.device.as_str(), "https://adfs.east.a.example/adfs/oauth2/devicecode");
            assert_eq!(provider.resource(), Some("https://adminmanagement.adfs.east.a.example/g"));
            assert_eq!((provider.scope().is_none(), provider.ports(&options)), (true, vec![8400]));
        }
    }
}
