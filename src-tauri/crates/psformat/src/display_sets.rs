//! Which of its properties an object of a well-known type shows where it has no view.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::OnceLock;

use clixml::Value;

use crate::object;

/// The two forms in which objects of WMI come.
const WMI: [&str; 2] =
    ["System.Management.ManagementObject#root\\cimv2\\", "Microsoft.Management.Infrastructure.CimInstance#root/cimv2/"];

type Sets = HashMap<String, Vec<&'static str>>;

fn all() -> &'static Sets {
    static SETS: OnceLock<Sets> = OnceLock::new();
    SETS.get_or_init(|| {
        let mut sets = Sets::new();
        for line in include_str!("display_sets.txt").lines().filter(|line| !line.starts_with('#')) {
            let mut words = line.split(' ');
            let Some(name) = words.next() else { continue };
            let properties: Vec<_> = words.collect();
            if name.contains('.') {
                sets.insert(name.to_lowercase(), properties);
            } else {
                for form in WMI {
                    sets.insert(format!("{form}{name}").to_lowercase(), properties.clone());
                }
            }
        }
        sets
    })
}

/// The set of a value's most specific type that has one. What came over the wire has types of its own name first, and
/// then counts as what it was.
fn find(value: &Value) -> Option<&'static [&'static str]> {
    let names = value.as_object()?.type_names.as_ref()?;
    let names = || names.iter().map(|name| name.to_string_lossy().to_lowercase());
    let own = names().find_map(|name| all().get(&name));
    let found = own.or_else(|| names().find_map(|name| all().get(name.strip_prefix("deserialized.")?)));
    found.map(Vec::as_slice)
}

/// The properties of a value that are shown, in order: those of its type's set, also where it has none of that name, else
/// all of them.
pub(crate) fn properties(value: &Value) -> Vec<(Cow<'_, str>, Cow<'_, Value>)> {
    let all = object::properties(value);
    let Some(set) = find(value) else { return all };
    let own = |wanted: &str| all.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, own)| own.clone());
    let named = |name: &'static str| (Cow::Borrowed(name), own(name).unwrap_or(Cow::Owned(Value::Null)));
    let computer = object::shows_computer(value).then_some("PSComputerName");
    set.iter().copied().chain(computer).map(named).collect()
}
