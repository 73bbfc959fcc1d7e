//! The labels of the portal's page of properties and of what people write, and what belongs to each.

use super::words::{FILLERS, addresses, host_of, is_filler, is_host, is_mask, is_version, words};

/// What a label says about what follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Pep,
    Dns,
    Time,
    Cloud,
    Deployment,
    Version,
    Region,
    Domain,
    /// The internal domain, short and in full
    Netbios,
    Internal,
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
    ("emergencyconsoleipaddress", Kind::Pep),
    ("pepipaddresses", Kind::Pep),
    ("pepipaddress", Kind::Pep),
    ("pep ip addresses", Kind::Pep),
    ("pep ip address", Kind::Pep),
    ("pep addresses", Kind::Pep),
    ("pep ips", Kind::Pep),
    ("pep ip", Kind::Pep),
    ("peps", Kind::Pep),
    ("privileged end point", Kind::Pep),
    ("emergency console", Kind::Pep),
    ("emergencyconsole", Kind::Pep),
    ("ercs01", Kind::Pep),
    ("ercs02", Kind::Pep),
    ("ercs03", Kind::Pep),
    ("ercs", Kind::Pep),
    ("pep", Kind::Pep),
    // The same in other languages of the portal's users.
    ("privilegierter endpunkt", Kind::Pep),
    ("privilegierten endpunkts", Kind::Pep),
    ("privilegierten endpunkte", Kind::Pep),
    ("privilegierten endpunkt", Kind::Pep),
    ("privilegierte endpunkte", Kind::Pep),
    ("point de terminaison privilégié", Kind::Pep),
    ("points de terminaison privilégiés", Kind::Pep),
    ("punto de conexión privilegiado", Kind::Pep),
    ("punto de conexión con privilegios", Kind::Pep),
    ("endpoint con privilegi", Kind::Pep),
    ("ponto de extremidade privilegiado", Kind::Pep),
    ("dns-weiterleitungen", Kind::Dns),
    ("dns-weiterleitung", Kind::Dns),
    ("dns-server", Kind::Dns),
    ("redirecteurs dns", Kind::Dns),
    ("redirecteur dns", Kind::Dns),
    ("serveurs dns", Kind::Dns),
    ("serveur dns", Kind::Dns),
    ("reenviadores dns", Kind::Dns),
    ("reenviador dns", Kind::Dns),
    ("zeitserver", Kind::Time),
    ("serveur de temps", Kind::Time),
    ("servidor horario", Kind::Time),
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
    ("domainnetbiosname", Kind::Netbios),
    ("netbiosname", Kind::Netbios),
    ("domainfqdn", Kind::Internal),
    ("pscomputername", Kind::Other),
    ("runspaceid", Kind::Other),
    ("psshowcomputername", Kind::Other),
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
    ("hlh", Kind::Network),
    ("hardware lifecycle host", Kind::Network),
    ("storage", Kind::Network),
    ("standardgateway", Kind::Network),
    ("subnetzmaske", Kind::Network),
    ("passerelle", Kind::Network),
    ("masque", Kind::Network),
    ("infrastructure network", Kind::Other),
];

/// A label and what follows it.
pub(super) struct Part<'a> {
    pub(super) label: &'a str,
    pub(super) kind: Kind,
    pub(super) value: &'a str,
    /// The next label begins on the last line of the value.
    pub(super) cut: bool,
}

impl<'a> Part<'a> {
    /// What stands there for something else than endpoints.
    pub(super) fn of_others(&self) -> Vec<&'a str> {
        match self.kind {
            Kind::Dns | Kind::Time => self.servers(),
            Kind::Version => words(self.value).take(1).filter(|word| is_version(word)).collect(),
            Kind::Network => {
                let line = self.value.lines().find(|line| addresses(line).next().is_some());
                addresses(line.unwrap_or_default()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Servers: those on the label's line and on lines of their own behind it. A label in the middle of a sentence has none.
    pub(super) fn servers(&self) -> Vec<&'a str> {
        let mut taken = Vec::new();
        for (at, line) in self.value.lines().enumerate() {
            let before = taken.len();
            for word in words(line) {
                match host_of(word).or(Some(word).filter(|word| is_host(word))) {
                    Some(host) if taken.len() < 8 => taken.push(host),
                    None if is_filler(word) && (at == 0 || taken.len() > before) => {}
                    _ => return taken,
                }
            }
        }
        taken
    }

    /// The addresses of endpoints, and whether it is clear that they are. A word that means something else ends them: it may be a label
    /// that is not known, of a gateway for example. Beside the label, on its line, words may stand: those of which every list has some
    /// leave no doubt.
    pub(super) fn endpoints(&self) -> (Vec<&'a str>, bool) {
        let (mut taken, mut clear, mut aside) = (Vec::new(), true, false);
        for (at, line) in self.value.lines().enumerate() {
            for piece in line.split_inclusive(['(', ')']) {
                let inside = aside;
                aside = piece.ends_with('(');
                for word in words(piece) {
                    match host_of(word) {
                        Some(host) => taken.push(host),
                        // What follows a mask is a gateway.
                        None if is_mask(word) => return (taken, clear),
                        // "10.0.0.1 is the": of what is named next.
                        None if !taken.is_empty() && COPULAS.contains(&word.to_ascii_lowercase().as_str()) => {
                            taken.pop();
                            return (taken, clear);
                        }
                        // Of a server of names, as tools print which one they have asked.
                        None if at > 0 && word.to_ascii_lowercase().starts_with("server") => return (taken, clear),
                        None if is_filler(word) || inside => {}
                        None if at == 0 && taken.is_empty() => clear &= joins(word),
                        None => return (taken, clear),
                    }
                }
            }
        }
        (taken, clear)
    }
}

/// Whether a word may stand between a label and its addresses without making them doubtful.
fn joins(word: &str) -> bool {
    JOINTS.contains(&word.to_lowercase().as_str())
}

/// Words that say of an address before them what it is.
const COPULAS: &[&str] = &["is", "ist", "est", "es"];

/// Words between a label and its values.
const JOINTS: &[&str] = &[
    "your",
    "this",
    "stamp",
    "system",
    "range",
    // Of a zone, and of lists that PowerShell and others print
    "in",
    "a",
    "answer",
    "running",
    "ansible_host",
    "is",
    "are",
    "at",
    "on",
    "here",
    "via",
    "use",
    "uses",
    "using",
    "these",
    "following",
    "our",
    "we",
    "have",
    "has",
    "list",
    "name",
    "names",
    "please",
    "three",
    "two",
    "all",
    "of",
    "for",
    "nodes",
    "machines",
    "instances",
    "instance",
    "ist",
    "sind",
    "lautet",
    "lauten",
    "est",
    "sont",
    "es",
    "son",
    "ip-adressen",
    "ip-adresse",
    "adressen",
    "adresse",
    "adresses",
];

/// The labels of a text with their places.
pub(super) fn labels(text: &str) -> Vec<(usize, usize, Kind)> {
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
        let label = starts.then(|| bytes.get(at..)).flatten().and_then(|rest| {
            LABELS.iter().find_map(|(label, kind)| {
                let end = begins_with(rest, label).then(|| end_of(bytes, at + label.len(), label))??;
                Some((end, *kind))
            })
        });
        match label {
            Some((end, kind)) => {
                taken.push((at, end, kind));
                at = end;
            }
            None => at += 1,
        }
    }
    taken
}

/// Whether a text begins with a label; its blanks may be written as in names of settings.
fn begins_with(text: &[u8], label: &str) -> bool {
    text.first() == label.as_bytes().first()
        && text.len() >= label.len()
        && text
            .iter()
            .zip(label.bytes())
            .all(|(b, wanted)| *b == wanted || (wanted == b' ' && matches!(b, b'_' | b'-')))
}

/// Where a label ends that is over there, if it does: the number of one among several, as in `PEP1` and `ntp_2`, and the domain behind the
/// name of an instance belong to it.
fn end_of(text: &[u8], end: usize, label: &str) -> Option<usize> {
    let at = |place: usize| text.get(place).copied().unwrap_or(b' ');
    let is_name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    let dotted = |place: usize| at(place) == b'.' && at(place + 1).is_ascii_alphanumeric();
    if label.starts_with("ercs0") && dotted(end) {
        let mut end = end;
        while dotted(end) || is_name(at(end)) {
            end += 1;
        }
        return Some(end);
    }
    let number = end + usize::from(matches!(at(end), b'_' | b'-'));
    let digits = (number..).take_while(|place| at(*place).is_ascii_digit()).count();
    let end =
        if (1..=2).contains(&digits) && !label.ends_with(|c: char| c.is_ascii_digit()) { number + digits } else { end };
    (!is_name(at(end)) && !dotted(end)).then_some(end)
}

pub(super) fn parts(text: &str) -> Vec<Part<'_>> {
    let labels = labels(text);
    let ends = labels.iter().skip(1).map(|(start, _, _)| *start).chain([text.len()]);
    labels
        .iter()
        .zip(ends)
        .filter_map(|((start, end, kind), next)| {
            let value = text.get(*end..next)?;
            Some(Part {
                label: text.get(*start..*end)?,
                kind: *kind,
                value,
                cut: next < text.len() && !value.ends_with('\n'),
            })
        })
        .collect()
}

/// Whether a line or cell is a label and nothing else.
pub(super) fn is_label(line: &str) -> bool {
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
