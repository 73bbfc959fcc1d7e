//! Addresses and ids out of pasted text: the portal's page of properties (pep-facts A.2) in whatever layout it was copied.
//!
//! Values belong to the label before them. Where two or more labels stand on lines of their own and as many lines follow, or a line of
//! a table follows a line of labels, values belong to labels by order. Without any label that is known, addresses count for what they
//! are when there is nothing else in the text, and for guesses otherwise: that page also shows time servers and DNS forwarders.

use std::collections::HashSet;
use std::net::IpAddr;

use arm::{Place, Site};

use super::{Confidence, Fact, Found, Origin, Source, series};
use crate::address::{self, Address, Origin as From, PORT};
use crate::fault::code;
use crate::stamp;

/// The most text that is looked at, in bytes.
const LONGEST: usize = 1 << 20;
/// The most addresses of one text (P-09).
const MOST: usize = 16;

/// What a label says about what follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Pep,
    Dns,
    Time,
    Cloud,
    Deployment,
    Version,
    Region,
    Domain,
    /// A part of the network that is no endpoint: its address is on the same line.
    Network,
    /// Known, and of no use here; it ends what stood before.
    Other,
}

/// The labels, longest first where one begins like another. Upper and lower case are the same.
const LABELS: &[(&str, Kind)] = &[
    ("privilegedendpointipaddresses", Kind::Pep),
    ("privilegedendpoints", Kind::Pep),
    ("privilegedendpoint", Kind::Pep),
    ("privileged endpoint ip addresses", Kind::Pep),
    ("privileged endpoint ip address", Kind::Pep),
    ("privileged endpoint addresses", Kind::Pep),
    ("privileged endpoints", Kind::Pep),
    ("privileged endpoint", Kind::Pep),
    ("emergency recovery console ip addresses", Kind::Pep),
    ("emergency recovery console", Kind::Pep),
    ("emergencyconsoleipaddresses", Kind::Pep),
    ("emergency console ip addresses", Kind::Pep),
    ("pepipaddresses", Kind::Pep),
    ("pepipaddress", Kind::Pep),
    ("pep ip addresses", Kind::Pep),
    ("pep ip address", Kind::Pep),
    ("pep addresses", Kind::Pep),
    ("privileged end point", Kind::Pep),
    ("emergency console", Kind::Pep),
    ("emergencyconsole", Kind::Pep),
    ("ercs01", Kind::Pep),
    ("ercs02", Kind::Pep),
    ("ercs03", Kind::Pep),
    ("ercs", Kind::Pep),
    ("pep", Kind::Pep),
    ("dns forwarders", Kind::Dns),
    ("dns forwarder", Kind::Dns),
    ("external dns servers", Kind::Dns),
    ("external dns server", Kind::Dns),
    ("externaldnsipaddress01", Kind::Dns),
    ("externaldnsipaddress02", Kind::Dns),
    ("externaldsnipaddress01", Kind::Dns),
    ("externaldsnipaddress02", Kind::Dns),
    ("dns servers", Kind::Dns),
    ("dns server", Kind::Dns),
    ("external dns", Kind::Dns),
    ("name servers", Kind::Dns),
    ("name server", Kind::Dns),
    ("nameservers", Kind::Dns),
    ("dns", Kind::Dns),
    ("time servers", Kind::Time),
    ("time server", Kind::Time),
    ("timeserver", Kind::Time),
    ("ntp servers", Kind::Time),
    ("ntp server", Kind::Time),
    ("time source", Kind::Time),
    ("ntp", Kind::Time),
    ("stamp cloud id", Kind::Cloud),
    ("stampcloudid", Kind::Cloud),
    ("cloud id", Kind::Cloud),
    ("cloudid", Kind::Cloud),
    ("stamp information id", Kind::Deployment),
    ("stampinformationid", Kind::Deployment),
    ("deployment guid", Kind::Deployment),
    ("deployment id", Kind::Deployment),
    ("deploymentid", Kind::Deployment),
    ("current version", Kind::Version),
    ("currentversion", Kind::Version),
    ("stamp version", Kind::Version),
    ("stampversion", Kind::Version),
    ("version", Kind::Version),
    ("region name", Kind::Region),
    ("regionname", Kind::Region),
    ("region", Kind::Region),
    ("external domain name", Kind::Domain),
    ("external domain", Kind::Domain),
    ("externaldomainfqdn", Kind::Domain),
    ("registration status", Kind::Other),
    ("registration expiration", Kind::Other),
    ("registration subscription id", Kind::Other),
    ("registration resource group", Kind::Other),
    ("registration resource name", Kind::Other),
    ("registration", Kind::Other),
    ("subscription id", Kind::Other),
    ("subscription", Kind::Other),
    ("resource group", Kind::Other),
    ("resource name", Kind::Other),
    ("expiration date", Kind::Other),
    ("expiration", Kind::Other),
    ("expires", Kind::Other),
    ("last updated", Kind::Other),
    ("update status", Kind::Other),
    ("syslog", Kind::Network),
    ("default gateway", Kind::Network),
    ("gateway", Kind::Network),
    ("router", Kind::Network),
    ("subnet mask", Kind::Network),
    ("subnet", Kind::Network),
    ("netmask", Kind::Network),
    ("proxy", Kind::Network),
    ("bmc", Kind::Network),
    ("infrastructure network", Kind::Other),
];

/// Words that may stand beside a label or between addresses without a meaning of their own.
const FILLERS: &[&str] = &[
    "ip",
    "ips",
    "ipv4",
    "ipv6",
    "address",
    "addresses",
    "endpoint",
    "endpoints",
    "console",
    "vm",
    "vms",
    "server",
    "servers",
    "id",
    "and",
    "or",
    "the",
    "copy",
    "to",
    "clipboard",
    "copied",
];

/// A label and what follows it.
struct Part<'a> {
    label: &'a str,
    kind: Kind,
    value: &'a str,
}

impl<'a> Part<'a> {
    /// What stands there for something else than endpoints.
    fn of_others(&self) -> &'a str {
        match self.kind {
            Kind::Dns | Kind::Time | Kind::Version => self.value,
            Kind::Network => self.value.lines().find(|line| addresses(line).next().is_some()).unwrap_or_default(),
            _ => "",
        }
    }
}

/// Reads pasted text.
#[must_use]
pub fn of_text(text: &str) -> Found {
    let text = cut(text);
    if let Some(found) = of_json(text) {
        return found;
    }
    let text = &in_order(&series::written_out(text));
    let parts = parts(text);
    let mut found = Found::default();
    for part in &parts {
        one(part, &mut found);
    }
    if found.candidates.is_empty() {
        unlabelled(text, &parts, &mut found);
    }
    everywhere(text, &mut found);
    found
}

fn cut(text: &str) -> &str {
    let mut end = text.len().min(LONGEST);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// The stamp information file itself may be pasted.
fn of_json(text: &str) -> Option<Found> {
    if !text.trim_start_matches(['\u{feff}', ' ', '\r', '\n', '\t']).starts_with(['{', '[']) {
        return None;
    }
    match stamp::read_file(text.as_bytes()) {
        Ok(read) => Some(super::of_stamp(&read.stamp, Source::PastedText, "JSON")),
        Err(fault) if fault.code == code::DEPLOYMENT_DATA_FILE => {
            let mut found = Found::default();
            found.problem(Source::PastedText, fault);
            Some(found)
        }
        // Other JSON has its labels too.
        Err(_) => None,
    }
}

/// One part with its label.
fn one(part: &Part<'_>, found: &mut Found) {
    const SOURCE: Source = Source::PastedText;
    match part.kind {
        Kind::Pep => {
            for word in of_endpoints(part.value) {
                take(word, Confidence::Known, part.label, found);
            }
        }
        Kind::Dns | Kind::Time => {
            let fact = if part.kind == Kind::Dns { Fact::DnsServer } else { Fact::TimeServer };
            for word in words(part.value).filter(|word| is_host(word)).take(8) {
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
            let region = words(part.value).next().filter(|word| is_region(word));
            if found.value(Fact::Region).is_none() {
                found.learn(Fact::Region, region.unwrap_or_default(), SOURCE);
            }
        }
        Kind::Domain => {
            let domain = words(part.value).next().filter(|word| word.contains('.') && address::is_name(word));
            found.learn(Fact::ExternalDomain, domain.unwrap_or_default(), SOURCE);
        }
        Kind::Network | Kind::Other => {}
    }
}

/// Addresses of a text that has no label for them.
fn unlabelled(text: &str, parts: &[Part<'_>], found: &mut Found) {
    let elsewhere: HashSet<&str> = parts.iter().flat_map(|part| addresses(part.of_others())).collect();
    let bare = words(text).all(|word| host_of(word).is_some());
    let confidence = if bare { Confidence::Known } else { Confidence::Guess };
    for word in addresses(text).filter(|word| !elsewhere.contains(word)) {
        take(word, confidence, "", found);
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
            // Two labels are a domain of somebody else: a stamp has a region and a domain.
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
        return;
    }
    match address::parse(word, From::File) {
        Ok(address) => found.add(address, confidence, Origin::new(Source::PastedText, label)),
        Err(fault) => found.problem(Source::PastedText, fault),
    }
}

/// Words: everything between blanks and what separates values.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let separates = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, ',' | ';' | '|' | '"' | '\'' | '{' | '}' | '(' | ')' | '<' | '>' | '=' | '\u{feff}')
    };
    text.split(separates)
        .map(|word| word.trim_end_matches(['.', ':']).trim_start_matches(':'))
        .filter(|word| !word.is_empty())
}

/// The IP address of a word, without port and brackets. A network is none.
fn host_of(word: &str) -> Option<&str> {
    let inner = word.strip_prefix('[').map(|rest| rest.split_once(']').map_or(rest, |(host, _)| host));
    let host = inner.unwrap_or(word);
    let host = match host.split_once(':') {
        // More than one colon is IPv6; a port after one is WinRM's or nothing that is wanted.
        Some((before, port)) if !port.contains(':') => Some(before).filter(|_| port == "5985")?,
        _ => host,
    };
    // "::" and the like are more often typing than addresses, and 255 is where masks begin.
    (host.len() > 3 && !host.starts_with("255.") && host.parse::<IpAddr>().is_ok()).then_some(host)
}

fn addresses(text: &str) -> impl Iterator<Item = &str> {
    words(text).filter_map(host_of)
}

/// The addresses that belong to the label before them. A word that means something else ends them: it may be a label that is not known,
/// of a gateway for example. Beside the label itself, on its line, words may stand.
fn of_endpoints(value: &str) -> Vec<&str> {
    let mut taken = Vec::new();
    let mut aside = 0;
    for (at, line) in value.lines().enumerate() {
        for piece in line.split_inclusive(['(', ')']) {
            let inside = aside > 0;
            aside = usize::from(piece.ends_with('('));
            for word in words(piece) {
                match host_of(word) {
                    Some(host) => taken.push(host),
                    None if is_filler(word) || inside || (at == 0 && taken.is_empty()) => {}
                    None => return taken,
                }
            }
        }
    }
    taken
}

/// Whether a word says nothing of its own: a filler, a number, or a name of an instance.
fn is_filler(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    FILLERS.contains(&lower.as_str()) || lower.contains("ercs") || !word.chars().any(char::is_alphabetic)
}

fn is_host(word: &str) -> bool {
    word.parse::<IpAddr>().is_ok() || (word.contains(['.', '-']) && address::is_name(word))
}

fn guid(text: &str) -> Option<&str> {
    words(text).find(|word| word.len() == 36 && uuid::Uuid::try_parse(word).is_ok())
}

/// `1.YYMM.x.y`
fn is_version(word: &str) -> bool {
    let parts: Vec<&str> = word.split('.').collect();
    let digits = |part: &&str| !part.is_empty() && part.len() <= 5 && part.bytes().all(|b| b.is_ascii_digit());
    parts.len() == 4 && parts.iter().all(digits) && parts.get(1).is_some_and(|part| part.len() == 4)
}

/// A region's name is one short word; words of the portal that stand after "Region" are none.
fn is_region(word: &str) -> bool {
    let others = ["management", "properties", "name", "names", "health", "overview", "is", "of", "the", "and"];
    word.len() <= 40
        && word.starts_with(|c: char| c.is_ascii_alphabetic())
        && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        && !others.contains(&word.to_ascii_lowercase().as_str())
}

/// The labels of a text with their places.
fn labels(text: &str) -> Vec<(usize, usize, Kind)> {
    // ASCII only, so that places stay the same.
    let lower = text.to_ascii_lowercase();
    let bytes = lower.as_bytes();
    let is_word = |at: Option<usize>| {
        at.and_then(|at| bytes.get(at))
            .is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'/'))
    };
    let mut taken = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        // An instance's name has a prefix: the address behind it is what is wanted.
        let instance = at.checked_sub(1).and_then(|before| bytes.get(before..at + 5)) == Some(b"-ercs0".as_slice());
        let starts = (instance || !is_word(at.checked_sub(1))) && bytes.get(at).is_some_and(u8::is_ascii_alphabetic);
        let label = starts
            .then(|| {
                let rest = bytes.get(at..)?;
                LABELS.iter().find(|(label, _)| {
                    let end = at + label.len();
                    let next = bytes.get(end).copied().unwrap_or(b' ');
                    let dotted = next == b'.' && bytes.get(end + 1).is_some_and(u8::is_ascii_alphanumeric);
                    let joined = next.is_ascii_alphanumeric() || matches!(next, b'_' | b'-') || dotted;
                    rest.starts_with(label.as_bytes()) && !joined
                })
            })
            .flatten();
        match label {
            Some((label, kind)) => {
                taken.push((at, at + label.len(), *kind));
                at += label.len();
            }
            None => at += 1,
        }
    }
    taken
}

fn parts(text: &str) -> Vec<Part<'_>> {
    let labels = labels(text);
    let ends = labels.iter().skip(1).map(|(start, _, _)| *start).chain([text.len()]);
    labels
        .iter()
        .zip(ends)
        .filter_map(|((start, end, kind), next)| {
            Some(Part { label: text.get(*start..*end)?, kind: *kind, value: text.get(*end..next)? })
        })
        .collect()
}

/// Whether a line or cell is a label and nothing else.
fn is_label(line: &str) -> bool {
    let line = line.trim_matches(|c: char| c.is_whitespace() || matches!(c, ':' | '"'));
    match labels(line).as_slice() {
        [(0, end, _), rest @ ..] => {
            let beside = line.get(*end..).unwrap_or_default();
            // "Privileged endpoint (PEP)" is one label.
            let same = rest.iter().all(|(from, to, _)| line.get(*from..*to).is_some_and(|label| label.len() <= 4));
            same && words(beside).all(|word| {
                FILLERS.contains(&word.to_ascii_lowercase().as_str()) || word.len() <= 4 && labels(word).len() == 1
            })
        }
        _ => false,
    }
}

/// Puts values behind their labels where labels and values stand in groups.
fn in_order(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        let heads = cells(line);
        if heads.len() > 1 && heads.iter().all(|cell| is_label(cell)) {
            let values = lines.get(at + 1).map(|line| cells(line)).unwrap_or_default();
            if values.len() == heads.len() {
                pair(&heads, &values, &mut out);
                at += 2;
                continue;
            }
        }
        let rest = lines.get(at..).unwrap_or_default();
        let heads = rest.iter().take_while(|line| is_label(line)).count();
        // No further than it matters: else every line would look at all that follow.
        let following = rest.iter().skip(heads).take(if heads > 1 { heads + 1 } else { 0 });
        let values = following.take_while(|line| labels(line).is_empty()).count();
        if heads > 1 && heads == values {
            let (labels, rest) = rest.split_at(heads);
            pair(labels, rest.get(..values).unwrap_or_default(), &mut out);
            at += heads + values;
        } else {
            // A run that is none is passed over as a whole, so that long ones are looked at once.
            for line in rest.iter().take(heads.max(1)) {
                out.push_str(line);
                out.push('\n');
            }
            at += heads.max(1);
        }
    }
    out
}

fn cells(line: &str) -> Vec<&str> {
    line.split(['\t', '|']).map(str::trim).filter(|cell| !cell.is_empty()).collect()
}

fn pair(labels: &[&str], values: &[&str], out: &mut String) {
    for (label, value) in labels.iter().zip(values) {
        out.push_str(label);
        out.push('\n');
        out.push_str(value);
        out.push('\n');
    }
}

#[cfg(test)]
mod tests;
