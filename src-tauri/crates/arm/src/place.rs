//! External names of a stamp: what one address tells about the others.

use url::{Host, Url};

use crate::ArmError;

/// What a host of a stamp is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Site {
    /// The administrator portal.
    AdminPortal,
    /// The portal of the users: it shows no region management.
    UserPortal,
    /// The administrator Resource Manager.
    AdminResourceManager,
    /// The Resource Manager of the users: it does not know the fabric.
    UserResourceManager,
    /// The identity provider on the stamp.
    AdFs,
    /// The external domain itself.
    Domain,
}

/// The labels that hosts of a stamp begin with.
const LABELS: [(&str, Site); 5] = [
    ("adminportal", Site::AdminPortal),
    ("portal", Site::UserPortal),
    ("adminmanagement", Site::AdminResourceManager),
    ("management", Site::UserResourceManager),
    ("adfs", Site::AdFs),
];

/// Domains of the public clouds: their portals look like those of a stamp, and have no privileged endpoint.
const PUBLIC_CLOUDS: [&str; 14] = [
    "azure.com",
    "azure.us",
    "azure.cn",
    "microsoftazure.de",
    "azure.net",
    "windows.net",
    "windowsazure.com",
    "usgovcloudapi.net",
    "chinacloudapi.cn",
    "microsoftonline.com",
    "microsoftonline.us",
    "microsoftonline.cn",
    "microsoftonline.de",
    "office.com",
];

/// What other hosts of a stamp, and of the web, begin with: no region is called so where a domain alone is typed.
const NO_REGIONS: [&str; 14] = [
    "www",
    "login",
    "sts",
    "graph",
    "api",
    "gallery",
    "systemgallery",
    "adminhosting",
    "hosting",
    "adminvault",
    "vault",
    "blob",
    "queue",
    "table",
];

/// Where a stamp is, by its external names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// What the address was of.
    pub site: Site,
    /// The region.
    pub region: String,
    /// The external domain with the region, `east.cloud.contoso.example`.
    pub suffix: String,
}

impl Place {
    /// Reads an address as people copy it: with or without scheme, path, and port. Only the hosts of [`Site`] are read as such;
    /// region and domain alone only where they are typed without a scheme, because any address of the web looks like them.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let text = text.trim();
        let url = if text.contains("://") { Url::parse(text) } else { Url::parse(&format!("https://{text}")) }.ok()?;
        if !matches!(url.scheme(), "https" | "http") || !url.username().is_empty() || url.password().is_some() {
            return None;
        }
        let Some(Host::Domain(host)) = url.host() else { return None };
        let host = host.trim_end_matches('.');
        let labelled =
            LABELS.iter().find_map(|(label, site)| Some((*site, host.strip_prefix(label)?.strip_prefix('.')?)));
        let (site, suffix) = match labelled {
            Some(labelled) => labelled,
            None if text.contains("://") => return None,
            None => (Site::Domain, host),
        };
        let (region, domain) = suffix.split_once('.')?;
        if Self::is_public_cloud(host) || (site == Site::Domain && NO_REGIONS.contains(&region)) {
            return None;
        }
        // A domain of one label is possible inside. But `portal.contoso.example` is a portal of something else, and a domain that is
        // typed alone does not tell whether it begins with a region: only hosts that nobody else has say so.
        let whole = matches!(site, Site::AdminPortal | Site::AdminResourceManager) || domain.contains('.');
        whole.then(|| Self::new(site, suffix)).flatten()
    }

    /// Reads an external domain that is known to begin with the region.
    #[must_use]
    pub fn of_external_domain(suffix: &str) -> Option<Self> {
        let suffix = suffix.trim().trim_end_matches('.');
        if suffix.contains(|c: char| c.is_whitespace() || ":/@?#\\".contains(c)) {
            return None;
        }
        let url = Url::parse(&format!("https://{suffix}")).ok()?;
        let place = Self::new(Site::Domain, url.domain()?)?;
        (!Self::is_public_cloud(&place.suffix) && !NO_REGIONS.contains(&place.region.as_str())).then_some(place)
    }

    fn new(site: Site, suffix: &str) -> Option<Self> {
        let (region, domain) = suffix.split_once('.')?;
        let whole = !region.is_empty() && domain.split('.').all(|label| !label.is_empty());
        let digits = suffix.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        (whole && !digits && suffix.len() <= 200).then(|| Self {
            site,
            region: region.to_owned(),
            suffix: suffix.to_owned(),
        })
    }

    /// Whether a host belongs to a public cloud.
    #[must_use]
    pub fn is_public_cloud(host: &str) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        PUBLIC_CLOUDS
            .iter()
            .any(|cloud| host.strip_suffix(cloud).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
    }

    /// The host of a public cloud that an address leads to.
    #[must_use]
    pub fn public_cloud_of(text: &str) -> Option<String> {
        let text = text.trim();
        let url = if text.contains("://") { Url::parse(text) } else { Url::parse(&format!("https://{text}")) }.ok()?;
        url.domain().filter(|host| Self::is_public_cloud(host)).map(str::to_owned)
    }

    /// The administrator Resource Manager that an address means: its own, or one that follows from another address of the stamp, or
    /// from region and domain alone.
    ///
    /// # Errors
    /// When it is no HTTPS address, or one of a public cloud.
    pub fn resource_manager_of(text: &str) -> Result<Url, ArmError> {
        let bad = || ArmError::Address(text.chars().take(200).collect());
        let typed = text.trim();
        let url = if typed.contains("://") { Url::parse(typed) } else { Url::parse(&format!("https://{typed}")) }
            .map_err(|_| bad())?;
        let credentials = !url.username().is_empty() || url.password().is_some();
        if url.scheme() != "https" || credentials || url.host().is_none() {
            return Err(bad());
        }
        if let Some(host) = Self::public_cloud_of(typed) {
            return Err(ArmError::PublicCloud(host));
        }
        match Self::of(typed) {
            // A port belongs to the host that was typed.
            Some(place) if place.site == Site::Domain && url.port().is_some() => Ok(bare(url)),
            Some(place) if place.site != Site::AdminResourceManager => {
                Url::parse(&place.resource_manager()).map_err(|_| bad())
            }
            _ => Ok(bare(url)),
        }
    }

    /// The administrator portal.
    #[must_use]
    pub fn admin_portal(&self) -> String {
        format!("https://adminportal.{}/", self.suffix)
    }

    /// The host of the administrator portal.
    #[must_use]
    pub fn admin_portal_host(&self) -> String {
        format!("adminportal.{}", self.suffix)
    }

    /// The administrator Resource Manager.
    #[must_use]
    pub fn resource_manager(&self) -> String {
        format!("https://adminmanagement.{}/", self.suffix)
    }
}

/// The address of the host alone.
fn bare(mut url: Url) -> Url {
    url.set_path("/");
    url.set_query(None);
    url.set_fragment(None);
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_tells_the_others() {
        for (text, site) in [
            ("https://adminportal.east.cloud.contoso.example/#blade/x", Site::AdminPortal),
            ("adminportal.east.cloud.contoso.example", Site::AdminPortal),
            ("https://portal.east.cloud.contoso.example", Site::UserPortal),
            ("HTTPS://AdminManagement.East.cloud.contoso.example:443/metadata", Site::AdminResourceManager),
            ("management.east.cloud.contoso.example.", Site::UserResourceManager),
            (" east.cloud.contoso.example ", Site::Domain),
            ("https://adfs.east.cloud.contoso.example/adfs", Site::AdFs),
        ] {
            let place = Place::of(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((place.site, place.region.as_str()), (site, "east"), "{text}");
            assert_eq!(place.admin_portal(), "https://adminportal.east.cloud.contoso.example/");
            assert_eq!(place.resource_manager(), "https://adminmanagement.east.cloud.contoso.example/");
        }
        for (text, region, suffix) in [
            ("https://adminportal.east.corp/", "east", "east.corp"),
            ("adminmanagement.west2.stack:443", "west2", "west2.stack"),
            ("adminportal.east.a.b.c.d.example", "east", "east.a.b.c.d.example"),
        ] {
            let place = Place::of(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((place.region.as_str(), place.suffix.as_str()), (region, suffix), "{text}");
        }
        let known = |suffix: &str| Place::of_external_domain(suffix).map(|place| place.suffix);
        assert_eq!(known(" East.corp. "), Some("east.corp".to_owned()));
        for suffix in ["", "east", "east..corp", "10.0.0.1", "east.azure.com", "a b.c", "east.corp/x", "east.corp:443"]
        {
            assert_eq!(known(suffix), None, "{suffix}");
        }
        assert!(!Place::is_public_cloud("portal.notazure.com") && Place::is_public_cloud("azure.com"));
        let kit = Place::of("https://adminportal.local.azurestack.external").unwrap();
        assert_eq!((kit.region.as_str(), kit.suffix.as_str()), ("local", "local.azurestack.external"));
    }

    #[test]
    fn the_resource_manager_follows_from_any_address() {
        for (text, url) in [
            ("https://adminmanagement.east.a.example:30005/x?y#z", "https://adminmanagement.east.a.example:30005/"),
            ("https://adminportal.east.a.example:8443/#home", "https://adminmanagement.east.a.example/"),
            ("portal.east.a.example", "https://adminmanagement.east.a.example/"),
            (" east.a.example ", "https://adminmanagement.east.a.example/"),
            ("stack.a.example:30005", "https://stack.a.example:30005/"),
            ("https://stack.a.example/x", "https://stack.a.example/"),
            ("https://localhost:44300", "https://localhost:44300/"),
            ("192.0.2.7", "https://192.0.2.7/"),
        ] {
            assert_eq!(Place::resource_manager_of(text).unwrap().as_str(), url, "{text}");
        }
        for text in
            ["", "http://adminmanagement.east.a.example", "https://u@adminmanagement.east.a.example", "file:///x"]
        {
            assert!(matches!(Place::resource_manager_of(text), Err(ArmError::Address(_))), "{text}");
        }
        for text in ["https://portal.azure.com/#home", "MANAGEMENT.AZURE.COM", "https://login.microsoftonline.com./x"] {
            assert!(matches!(Place::resource_manager_of(text), Err(ArmError::PublicCloud(_))), "{text}");
        }
    }

    #[test]
    fn other_texts_are_no_places() {
        for text in [
            "",
            "10.0.0.1",
            "https://[::1]/",
            "localhost",
            "ftp://adminportal.a.b",
            "https://u:p@portal.a.b",
            "portal.a",
            "adminportal.a",
            "adminportal.1.2",
            "east.corp",
            "portal.contoso.example",
            "https://www.google.com",
            "www.contoso.example",
            "https://east.a.example/",
            "https://portal.azure.com",
            "portal.east.azure.com",
            "https://login.microsoftonline.com/",
            "login.contoso.example",
            "https://systemgallery.adminhosting.east.a.example/",
            "systemgallery.adminhosting.east.a.example",
            "https://adminvault.east.a.example",
            "adminvault.east.a.example",
        ] {
            assert_eq!(Place::of(text), None, "{text}");
        }
    }
}
