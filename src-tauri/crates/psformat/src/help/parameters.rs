//! A set of parameters that a command takes together.

use clixml::Value;

use super::page::{Page, each, text};

/// The cells by which a parameter stands in
const INDENT: usize = 2;

/// Name of the set, and each parameter with what is known of it
pub(super) fn set(page: &mut Page, set: &Value) {
    page.put("Parameter Set Name: ").line(text(set, "Name"));
    page.put("Is default parameter set: ").line(text(set, "IsDefault"));
    for parameter in each(set, "Parameters") {
        page.end().inside(INDENT, |page| {
            page.put("Parameter Name: ").line(text(&parameter, "Name")).inside(INDENT, |page| {
                for name in [
                    "ParameterType",
                    "Position",
                    "IsMandatory",
                    "IsDynamic",
                    "HelpMessage",
                    "ValueFromPipeline",
                    "ValueFromPipelineByPropertyName",
                    "ValueFromRemainingArguments",
                    "Aliases",
                ] {
                    page.put(name).put(" = ").line(text(&parameter, name));
                }
                page.line("Attributes =");
                each(&parameter, "Attributes").iter().for_each(|_| {
                    page.inside(INDENT, |page| {
                        page.end();
                    });
                });
            });
        });
    }
    page.end();
}
