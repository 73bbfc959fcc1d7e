//! The verdicts of a health check, read from what it prints (pep-facts C.3).

/// The result of one check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the words of the output")]
pub enum CheckResult {
    Pass,
    Warn,
    Fail,
    Skip,
}

/// A check with its result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckVerdict {
    /// The title without the product's name.
    pub title: String,
    /// The result.
    pub result: CheckResult,
    /// Indented lines that stood before it.
    pub details: Vec<String>,
}

/// Reads verdicts line by line; whatever it does not know is passed over and stays plain output.
#[derive(Debug, Default)]
pub struct VerdictReader {
    verdicts: Vec<CheckVerdict>,
    details: Vec<String>,
}

/// The most verdicts of one run: a check has some dozens.
const MOST: usize = 500;

/// The most detail lines that are kept with one verdict; all of them are in the record.
const MOST_DETAILS: usize = 20;

/// The most characters of a title or detail line.
const LONGEST: usize = 500;

impl VerdictReader {
    /// Takes text of the output; it may hold several lines.
    pub fn read(&mut self, text: &str) {
        for line in text.lines() {
            self.line(line);
        }
    }

    fn line(&mut self, line: &str) {
        if let Some((result, title)) = verdict(line) {
            let title = cut(title);
            let details = std::mem::take(&mut self.details);
            let has_room = self.verdicts.len() < MOST;
            match self.verdicts.iter_mut().find(|known| known.title == title) {
                // The summary at the end repeats what was printed on the way.
                Some(known) => known.result = result,
                None if has_room => {
                    self.verdicts.push(CheckVerdict { title: title.to_owned(), result, details });
                }
                None => {}
            }
        } else if line.starts_with([' ', '\t']) && !line.trim().is_empty() {
            if self.details.len() < MOST_DETAILS {
                self.details.push(cut(line.trim()).to_owned());
            }
        } else {
            self.details.clear();
        }
    }

    /// What was read.
    #[must_use]
    pub fn finish(self) -> Vec<CheckVerdict> {
        self.verdicts
    }
}

/// As much of a line as anybody reads.
fn cut(line: &str) -> &str {
    line.char_indices().nth(LONGEST).and_then(|(at, _)| line.get(..at)).unwrap_or(line)
}

/// `PASS : Azure Stack Hub ACS Summary` and its older forms.
fn verdict(line: &str) -> Option<(CheckResult, &str)> {
    let line = line.trim();
    let (word, rest) = line.split_once([' ', '\t', ':'])?;
    let result = match word {
        "PASS" => CheckResult::Pass,
        "WARN" | "WARNING" => CheckResult::Warn,
        "FAIL" => CheckResult::Fail,
        "SKIP" => CheckResult::Skip,
        _ => return None,
    };
    let title = rest.trim_start_matches([' ', '\t', ':']).trim();
    let title = title.strip_prefix("Azure Stack Hub ").or_else(|| title.strip_prefix("Azure Stack ")).unwrap_or(title);
    (!title.is_empty()).then_some((result, title))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_shapes_of_output_are_read() {
        let mut reader = VerdictReader::default();
        reader.read("Starting Test-AzureStack\nLaunching AzsVmPlacement\n    one node is full\nPASS : Azure Stack Hub VM Placement Summary");
        reader.read("WARN Azure Stack Infrastructure Capacity");
        reader.read("FAIL Azure Stack Portal and API Summary\n\nFalse\nPASSED nothing");
        let found = reader.finish();
        let short: Vec<_> = found.iter().map(|verdict| (verdict.title.as_str(), verdict.result)).collect();
        assert_eq!(
            short,
            [
                ("VM Placement Summary", CheckResult::Pass),
                ("Infrastructure Capacity", CheckResult::Warn),
                ("Portal and API Summary", CheckResult::Fail)
            ]
        );
        assert_eq!(found[0].details, ["one node is full"]);
    }

    #[test]
    fn p07_verdicts_titles_and_details_are_limited_one_below_and_one_above() {
        for (lines, kept) in [(499, 499), (500, 500), (501, 500), (20_000, 500)] {
            let mut reader = VerdictReader::default();
            (0..lines).for_each(|number| reader.read(&format!("PASS : check {number}")));
            // What is known already still gets its last word.
            reader.read("FAIL : check 3");
            let found = reader.finish();
            assert_eq!((found.len(), found[3].result), (kept, CheckResult::Fail), "{lines}");
        }
        for (length, kept) in [(499, 499), (500, 500), (501, 500)] {
            let mut reader = VerdictReader::default();
            let long = "é".repeat(length);
            reader.read(&format!("  {long}\nPASS : {long}"));
            let found = reader.finish();
            assert_eq!((found[0].title.chars().count(), found[0].details[0].chars().count()), (kept, kept), "{length}");
        }
        for (lines, kept) in [(19, 19), (20, 20), (21, 20)] {
            let mut reader = VerdictReader::default();
            reader.read(&format!("{}PASS : x", "  more\n".repeat(lines)));
            assert_eq!(reader.finish()[0].details.len(), kept, "{lines}");
        }
    }

    #[test]
    fn anything_else_gives_nothing() {
        let mut reader = VerdictReader::default();
        reader.read("no verdicts here\n\u{1b}[31mred\nPASS\nFAILURE x");
        assert_eq!(reader.finish(), []);
    }
}
