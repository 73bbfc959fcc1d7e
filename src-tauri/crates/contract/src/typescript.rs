//! The page's side of the contract.

use ts_rs::{Config, TS};

use crate::*;

/// The text of `contract.ts`.
#[must_use]
pub fn typescript() -> String {
    let config = Config::default();
    let mut text = String::from("// Written by `cargo xtask contract` from the Rust types. Do not edit.\n");
    let mut add = |declaration: String| {
        text.push_str("\nexport ");
        text.push_str(&declaration);
        text.push('\n');
    };
    add(StampProfile::decl(&config));
    add(StampSource::decl(&config));
    add(FallBack::decl(&config));
    add(EndpointAddress::decl(&config));
    add(StampImport::decl(&config));
    add(StampImportResult::decl(&config));
    add(Found::decl(&config));
    add(FoundCandidate::decl(&config));
    add(FoundOrigin::decl(&config));
    add(FoundFact::decl(&config));
    add(StampRelation::decl(&config));
    add(StampKept::decl(&config));
    add(ArmAsk::decl(&config));
    add(ArmStep::decl(&config));
    add(ArmCode::decl(&config));
    add(RootOffer::decl(&config));
    add(RootChoice::decl(&config));
    add(ProbeUpdate::decl(&config));
    add(ProbeStage::decl(&config));
    add(ProbeStageName::decl(&config));
    add(StageState::decl(&config));
    add(Fault::decl(&config));
    add(Blame::decl(&config));
    add(Next::decl(&config));
    add(PasswordEntry::decl(&config));
    add(SignIn::decl(&config));
    add(SignInWay::decl(&config));
    add(SignInWays::decl(&config));
    add(ConnectResult::decl(&config));
    add(IdentityQuestion::decl(&config));
    add(IdentityCertificate::decl(&config));
    add(IdentityNames::decl(&config));
    add(IdentityDecision::decl(&config));
    add(ConnectStage::decl(&config));
    add(ConnectStageName::decl(&config));
    add(SessionState::decl(&config));
    add(SessionSnapshot::decl(&config));
    add(EndpointCheck::decl(&config));
    add(CloseSpec::decl(&config));
    add(CloseStage::decl(&config));
    add(CloseStageName::decl(&config));
    add(CloseResult::decl(&config));
    add(Summary::decl(&config));
    add(SummaryCommand::decl(&config));
    add(QuitChoice::decl(&config));
    add(CatalogueEntry::decl(&config));
    add(Risk::decl(&config));
    add(CatalogueParameter::decl(&config));
    add(RunSpec::decl(&config));
    add(ParameterValue::decl(&config));
    add(RunPreview::decl(&config));
    add(PreviewPart::decl(&config));
    add(PreviewRole::decl(&config));
    add(ParameterFault::decl(&config));
    add(RunStart::decl(&config));
    add(RunBatch::decl(&config));
    add(RunItem::decl(&config));
    add(RunStream::decl(&config));
    add(RunProgress::decl(&config));
    add(RunState::decl(&config));
    add(RunResult::decl(&config));
    add(RunOutcome::decl(&config));
    add(Verdict::decl(&config));
    add(VerdictResult::decl(&config));
    add(Prompt::decl(&config));
    add(PromptForm::decl(&config));
    add(PromptField::decl(&config));
    add(PromptInput::decl(&config));
    add(PromptChoice::decl(&config));
    add(PromptAnswer::decl(&config));
    add(AppSnapshot::decl(&config));
    add(KeyringProblem::decl(&config));
    add(KeyringProblemKind::decl(&config));
    add(Policy::decl(&config));
    add(Practice::decl(&config));
    add(PracticeScenario::decl(&config));
    add(UnfinishedSession::decl(&config));
    add(StampForgotten::decl(&config));
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_has_the_present_contract() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../ui/src/host/contract.ts");
        let written = std::fs::read_to_string(path).unwrap_or_default();
        assert_eq!(written, super::typescript(), "run `cargo xtask contract`");
    }
}
