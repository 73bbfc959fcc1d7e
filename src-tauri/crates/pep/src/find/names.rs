//! Names that instances have by rule, resolved with a time limit (pep-facts A.1, A.5).

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use winrm::BoxFuture;

use super::{Confidence, Found, Origin, Source};
use crate::Fault;
use crate::address::{self, Address, PORT};
use crate::fault::code;

/// The prefix that the documents and the development kit use.
const USUAL_PREFIX: &str = "azs";
/// An integrated system has three.
const INSTANCES: u8 = 3;
/// The most addresses of one name that are taken.
const MOST: usize = 16;

/// Makes addresses of names.
pub trait Resolver: Send + Sync {
    /// All addresses of a name.
    fn resolve(&self, name: String) -> BoxFuture<'static, std::io::Result<Vec<IpAddr>>>;
}

/// The operating system's.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

impl Resolver for SystemResolver {
    fn resolve(&self, name: String) -> BoxFuture<'static, std::io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// The names of the instances with this prefix, in this domain where one is given.
///
/// # Errors
/// When prefix or domain are none.
pub fn of_prefix(prefix: &str, domain: Option<&str>) -> Result<Vec<String>, Fault> {
    let bad = |text: &str| Fault::new(code::NO_USABLE_ADDRESS).with("address", address::shown(text));
    let typed = prefix.trim();
    // Some type the name of an instance.
    let lower = typed.to_ascii_lowercase();
    let prefix = lower.find("-ercs").and_then(|at| typed.get(..at)).unwrap_or(typed);
    let label =
        !prefix.is_empty() && prefix.len() <= 15 && prefix.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if !label || prefix.starts_with('-') {
        return Err(bad(typed));
    }
    let suffix = match domain.map(|domain| domain.trim().trim_matches('.')).filter(|domain| !domain.is_empty()) {
        Some(domain) if address::is_name(domain) => format!(".{domain}"),
        Some(domain) => return Err(bad(domain)),
        None => String::new(),
    };
    Ok((1..=INSTANCES).map(|number| format!("{prefix}-ERCS{number:02}{suffix}")).collect())
}

/// The names of the instances in a domain, with the prefix that is usual.
///
/// # Errors
/// When it is no domain.
pub fn of_domain(domain: &str) -> Result<Vec<String>, Fault> {
    of_prefix(USUAL_PREFIX, Some(domain))
}

/// Resolves names, all at once. Their addresses are guesses; public ones are left out and told. A name without an address stays a guess
/// that cannot be dialled, so that a person sees what was tried.
pub async fn look_up(names: Vec<String>, source: Source, resolver: Arc<dyn Resolver>, limit: Duration) -> Found {
    let mut tasks = JoinSet::new();
    for (at, name) in names.iter().cloned().enumerate() {
        let resolver = Arc::clone(&resolver);
        tasks.spawn(async move { (at, tokio::time::timeout(limit, resolver.resolve(name)).await) });
    }
    let mut answers: Vec<_> = names.iter().map(|_| None).collect();
    while let Some(done) = tasks.join_next().await {
        if let Ok((at, answer)) = done
            && let Some(slot) = answers.get_mut(at)
        {
            *slot = Some(answer);
        }
    }
    let mut found = Found::default();
    for (name, answer) in names.iter().zip(answers) {
        let unknown = Fault::new(code::NAME_UNKNOWN).with("host", name.as_str());
        match answer {
            Some(Ok(Ok(addresses))) if !addresses.is_empty() => {
                for ip in addresses.into_iter().take(MOST).map(|ip| ip.to_canonical()) {
                    if address::is_inside(ip) {
                        let address = Address { host: ip.to_string(), port: PORT };
                        found.add(address, Confidence::Guess, Origin::new(source, name));
                    } else {
                        let fault = Fault::new(code::PUBLIC_ADDRESS).with("address", ip.to_string());
                        found.problem(source, fault.detail(format!("{name} has this address")));
                    }
                }
            }
            Some(unresolved) => {
                let why = match unresolved {
                    Ok(Ok(_)) => "the name has no address".to_owned(),
                    Ok(Err(error)) => error.to_string(),
                    Err(_) => format!("no answer within {} ms", limit.as_millis()),
                };
                found.problem(source, unknown.detail(why));
                let address = Address { host: name.clone(), port: PORT };
                found.add(address, Confidence::Guess, Origin::new(source, name));
            }
            None => found.problem(source, Fault::new(code::INTERNAL).detail("the look-up ended")),
        }
    }
    found
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A resolver that knows these names; the name `slow…` never answers.
    pub(crate) struct Book(pub(crate) Vec<(&'static str, &'static str)>);

    impl Resolver for Book {
        fn resolve(&self, name: String) -> BoxFuture<'static, std::io::Result<Vec<IpAddr>>> {
            let known = self.0.iter().filter(|(known, _)| known.eq_ignore_ascii_case(&name));
            let addresses: Vec<IpAddr> = known.map(|(_, ip)| ip.parse().unwrap()).collect();
            Box::pin(async move {
                if name.starts_with("slow") {
                    std::future::pending::<()>().await;
                }
                if addresses.is_empty() { Err(std::io::Error::other("no such name")) } else { Ok(addresses) }
            })
        }
    }

    #[test]
    fn names_follow_the_rule() {
        assert_eq!(of_prefix("azs", None).unwrap(), ["azs-ERCS01", "azs-ERCS02", "azs-ERCS03"]);
        let inside = of_prefix("CW1-ercs02", Some("azurestack.local.")).unwrap();
        assert_eq!(inside[2], "CW1-ERCS03.azurestack.local");
        assert_eq!(of_domain("azurestack.local").unwrap()[0], "azs-ERCS01.azurestack.local");
        for (prefix, domain) in [("", None), ("a b", None), ("-x", None), ("a", Some("b c")), ("a;b", None)] {
            assert!(of_prefix(prefix, domain).is_err(), "{prefix:?} {domain:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn look_ups_go_at_once_and_each_answer_counts_for_itself() {
        let book = Book(vec![("a-ERCS01", "10.0.0.1"), ("a-ERCS02", "203.1.2.3"), ("a-ERCS02", "::ffff:10.0.0.2")]);
        let names = ["a-ERCS01", "a-ERCS02", "a-ERCS03", "slow-ERCS01", "slow-ERCS02"].map(str::to_owned).to_vec();
        let before = tokio::time::Instant::now();
        let found = look_up(names, Source::Prefix, Arc::new(Book(book.0)), Duration::from_secs(5)).await;
        assert_eq!(before.elapsed(), Duration::from_secs(5), "all at once");
        let hosts: Vec<_> = found.candidates.iter().map(|candidate| candidate.address.host.as_str()).collect();
        assert_eq!(hosts, ["10.0.0.1", "10.0.0.2", "a-ERCS03", "slow-ERCS01", "slow-ERCS02"]);
        assert!(found.candidates.iter().all(|one| one.confidence == Confidence::Guess));
        let dialled: Vec<bool> = found.candidates.iter().map(super::super::Candidate::may_dial).collect();
        assert_eq!(dialled, [true, true, false, false, false]);
        assert_eq!(found.candidates[0].origins, [Origin::new(Source::Prefix, "a-ERCS01")]);
        let codes: Vec<u16> = found.problems.iter().map(|problem| problem.fault.code).collect();
        assert_eq!(codes, [code::PUBLIC_ADDRESS, code::NAME_UNKNOWN, code::NAME_UNKNOWN, code::NAME_UNKNOWN]);
    }
}
