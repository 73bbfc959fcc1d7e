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

/// The set of a value's most specific type that has one. What came over the wire counts as a type of its own, which may have another set,
/// and else as what it was.
fn find(value: &Value) -> Option<&'static [&'static str]> {
    let names = value.as_object()?.type_names.as_ref()?;
    let names = || names.iter().map(|name| name.to_string_lossy().to_lowercase());
    let plain = |name: String| name.strip_prefix("deserialized.").map_or(name.clone(), str::to_owned);
    let own = names().find_map(|name| all().get(&format!("deserialized.{}", plain(name))));
    let found = own.or_else(|| names().find_map(|name| all().get(&plain(name))));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_over_the_wire_has_the_set_of_what_came_over_the_wire() {
        for name in ["System.Diagnostics.Process", "Deserialized.System.Diagnostics.Process"] {
            let mut process = clixml::Object::with_extended([("SI", Value::I32(0)), ("Id", Value::I32(4))]);
            process.type_names = Some([name.into()].into_iter().collect());
            let process = Value::from(process);
            let shown: Vec<_> = properties(&process).into_iter().map(|(name, _)| name.into_owned()).collect();
            assert_eq!(shown, ["Id", "Handles", "CPU", "Name"], "{name}");
        }
    }
}
