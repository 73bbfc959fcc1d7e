//! Addresses and ids out of pasted text: the portal's page of properties (pep-facts A.2) in whatever layout it was copied.
//!
//! Values belong to the label before them. Where two or more labels stand on lines of their own and as many lines follow, or a line of
//! a table follows a line of labels, values belong to labels by order. Where the labels have not told three
//! instances, other addresses are guesses: that page also shows time servers and DNS forwarders. Addresses and nothing else are known.

mod cleaned;
mod labels;
mod order;
mod words;

use std::collections::HashSet;
use std::net::IpAddr;

use arm::{Place, Site};
use labels::{Kind, Part, parts};
use words::{addresses, guid, host_of, is_region, is_version, words};

use super::{Confidence, Fact, Found, Origin, Source, series};
use crate::Fault;
use crate::address::{self, Address, Origin as From, PORT};
use crate::fault::code;
use crate::stamp;

/// The most text that is looked at, in bytes.
const LONGEST: usize = 1 << 20;
/// The most addresses of one text (P-09).
const MOST: usize = 16;
/// The instances of a stamp
const INSTANCES: usize = 3;

/// Reads pasted text.
#[must_use]
pub fn of_text(text: &str) -> Found {
    let whole = text.len();
    let text = cut(text);
    let text = match of_json(text) {
        Ok(found) => return found,
        Err(text) => text,
    };
    let left_out = whole.saturating_sub(text.len());
    let text = &order::in_order(&series::written_out(&cleaned::cleaned(text)));
    let parts = parts(text);
    let mut found = Found::default();
    for part in &parts {
        one(part, &mut found);
    }
    if found.candidates.iter().filter(|one| one.confidence == Confidence::Known).count() < INSTANCES {
        unlabelled(text, &parts, &mut found);
    }
    everywhere(text, &mut found);
    if left_out > 0 {
        let more = if whole > LONGEST {
            format!("{left_out} bytes behind the first {LONGEST}")
        } else {
            "it ends in the middle of a value".to_owned()
        };
        found.problem(Source::PastedText, Fault::new(code::NOT_ALL_READ).with("more", more));
    }
    found
}

fn cut(text: &str) -> &str {
    let mut end = text.len().min(LONGEST);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// The stamp information file itself may be pasted; else the text that remains to be looked at. Of one that ends in the middle of a
/// value this one is not taken: half an address is another one.
fn of_json(text: &str) -> Result<Found, &str> {
    if !text.trim_start_matches(['\u{feff}', ' ', '\r', '\n', '\t']).starts_with(['{', '[']) {
        return Err(text);
    }
    let fault = match stamp::read_file(text.as_bytes()) {
        Ok(read) => return Ok(super::of_stamp(&read.stamp, Source::PastedText, "JSON")),
        Err(fault) => fault,
    };
    let reason = fault.values.get("reason").map(String::as_str);
    match reason {
        _ if fault.code == code::DEPLOYMENT_DATA_FILE => {}
        Some(stamp::not_a_stamp::REFUSED) if text.len() < LONGEST => {}
        Some(stamp::not_a_stamp::EARLY) if text.matches('"').count() % 2 == 1 => {
            return Err(text.rsplit_once('"').map_or(text, |(whole, _)| whole));
        }
        // Other JSON has its labels too.
        _ => return Err(text),
    }
    let mut found = Found::default();
    found.problem(Source::PastedText, fault);
    Ok(found)
}

/// One part with its label.
fn one(part: &Part<'_>, found: &mut Found) {
    const SOURCE: Source = Source::PastedText;
    match part.kind {
        Kind::Pep => {
            let (endpoints, clear) = part.endpoints();
            for word in endpoints {
                take(word, if clear { Confidence::Known } else { Confidence::Guess }, part.label, found);
            }
        }
        Kind::Dns | Kind::Time => {
            let fact = if part.kind == Kind::Dns { Fact::DnsServer } else { Fact::TimeServer };
            for word in part.servers() {
                found.learn(fact, word, SOURCE);
            }
        }
        Kind::Cloud => found.learn(Fact::CloudId, guid(part.value).unwrap_or_default(), SOURCE),
        Kind::Deployment => found.learn(Fact::DeploymentId, guid(part.value).unwrap_or_default(), SOURCE),
        Kind::Version => {
            let version = words(part.value).next().filter(|word| is_version(word));
            found.learn(Fact::Version, version.unwrap_or_default(), SOURCE);
        }
        Kind::Region => {
            if found.value(Fact::Region).is_none() {
                found.learn(Fact::Region, region_of(part).unwrap_or_default(), SOURCE);
            }
        }
        Kind::Domain => {
            let domain = words(part.value).next().filter(|word| word.contains('.') && address::is_name(word));
            found.learn(Fact::ExternalDomain, domain.unwrap_or_default(), SOURCE);
        }
        Kind::Netbios | Kind::Internal => {
            let fact = if part.kind == Kind::Netbios { Fact::NetbiosDomain } else { Fact::DnsDomain };
            let name = part.value.lines().next().and_then(|line| words(line).next());
            found.learn(fact, name.filter(|word| address::is_name(word)).unwrap_or_default(), SOURCE);
        }
        Kind::Network | Kind::Other => {}
    }
}

/// The region behind its label: the first word behind a colon, else a line of one word. Other lines are labels of other things, or what
/// the portal shows beside.
fn region_of<'a>(part: &Part<'a>) -> Option<&'a str> {
    let value = part.value;
    let named = value.trim_start_matches([' ', '"']).starts_with([':', '=', '\t', '|']);
    let line = value.lines().find(|line| words(line).next().is_some())?;
    let mut all = words(line).filter(|word| !["is", "name", "of", "the"].contains(&word.to_ascii_lowercase().as_str()));
    let first = all.next()?;
    // The last line of several is the beginning of the next label's.
    let cut = part.cut && value.lines().count() > 1 && value.lines().next_back() == Some(line);
    let alone = all.next().is_none() && !cut;
    (is_region(first) && (named || alone)).then_some(first)
}

/// Addresses that stand for nothing else, where the labels have not told all instances.
fn unlabelled(text: &str, parts: &[Part<'_>], found: &mut Found) {
    let before = found.problems.clone();
    let elsewhere: HashSet<&str> = parts.iter().flat_map(Part::of_others).collect();
    // A list may be numbered.
    let counts = |word: &str| word.len() <= 2 && word.bytes().all(|b| b.is_ascii_digit());
    let bare = found.candidates.is_empty()
        && words(text).all(|word| host_of(word).is_some() || !word.contains(char::is_alphanumeric) || counts(word));
    let confidence = if bare { Confidence::Known } else { Confidence::Guess };
    let known: HashSet<String> = found.candidates.iter().map(|one| one.address.host.clone()).collect();
    for word in addresses(text).filter(|word| !elsewhere.contains(word) && !known.contains(*word)) {
        take(word, confidence, "", found);
    }
    // What nobody has called an endpoint is no news where there are others.
    if !found.candidates.is_empty() {
        found.problems.retain(|problem| problem.fault.code == code::NOT_ALL_READ || before.contains(problem));
    }
}

/// What tells its meaning by its form.
fn everywhere(text: &str, found: &mut Found) {
    const SOURCE: Source = Source::PastedText;
    let has_addresses = found.candidates.iter().any(|candidate| candidate.confidence == Confidence::Known);
    for word in words(text) {
        let lower = word.to_ascii_lowercase();
        if found.value(Fact::Version).is_none() && is_version(word) && word.parse::<IpAddr>().is_err() {
            found.learn(Fact::Version, word, SOURCE);
        }
        if lower.starts_with("https://")
            || ["adminportal.", "adminmanagement."].iter().any(|label| lower.starts_with(label))
        {
            // Two labels are more often a domain of somebody else than a region and a domain of one label, and nobody typed this as
            // the address of a stamp.
            let place =
                Place::of(word).filter(|place| place.site != Site::Domain && place.suffix.matches('.').count() > 1);
            if let Some(place) = place {
                super::portal::learn(&place, found, SOURCE);
            }
        }
        // The resource group of the fabric has the region in its name.
        if found.value(Fact::Region).is_none()
            && let Some(region) =
                lower.strip_prefix("system.").and_then(|_| word.get(7..)).filter(|region| is_region(region))
        {
            found.learn(Fact::Region, region, SOURCE);
        }
        // Names say that they are instances; their addresses are better where they are there as well.
        let instance = lower.split('.').next().and_then(|label| label.rsplit_once("-ercs"));
        let numbered =
            instance.is_some_and(|(_, number)| number.len() == 2 && number.bytes().all(|b| b.is_ascii_digit()));
        if numbered && !has_addresses && address::is_name(word) && found.candidates.len() < MOST {
            let address = Address { host: word.to_owned(), port: PORT };
            found.add(address, Confidence::Known, Origin::new(SOURCE, "ERCS"));
        }
    }
}

fn take(word: &str, confidence: Confidence, label: &str, found: &mut Found) {
    if found.candidates.len() >= MOST {
        let told = found.problems.iter().any(|problem| problem.fault.code == code::NOT_ALL_READ);
        if !told && found.candidates.iter().all(|candidate| candidate.address.host != word) {
            let more = format!("{word} and what follows it, behind {MOST} other addresses");
            found.problem(Source::PastedText, Fault::new(code::NOT_ALL_READ).with("more", more));
        }
        return;
    }
    match address::parse(word, From::File) {
        Ok(address) => found.add(address, confidence, Origin::new(Source::PastedText, label)),
        Err(fault) => found.problem(Source::PastedText, fault),
    }
}

#[cfg(test)]
mod tests;
