//! The commands of the page: one-line adapters to the app, in one table.

use std::sync::Arc;

use app::App;
use contract::{
    AppSnapshot, ArmAsk, ArmStep, CatalogueEntry, CloseResult, CloseSpec, ConnectResult, EndpointAddress, FallBack,
    Fault, IdentityDecision, PromptAnswer, QuitChoice, RootChoice, RunPreview, RunSpec, RunStart, SignIn, SignInWay,
    SignInWays, StampForgotten, StampImport, StampImportResult, StampKept, StampProfile,
};
use tauri::State;

macro_rules! commands {
    ($($name:ident($($argument:ident: $type:ty),*) -> $result:ty;)*) => {
        $(
            #[tauri::command]
            async fn $name(app: State<'_, Arc<App>>, $($argument: $type),*) -> Result<$result, Fault> {
                app.inner().$name($($argument),*).await
            }
        )*

        /// Hands a call of the page to its command.
        pub(crate) fn handler() -> impl Fn(tauri::ipc::Invoke<tauri::Wry>) -> bool + Send + Sync + 'static {
            tauri::generate_handler![$($name),*]
        }
    };
}

commands! {
    app_snapshot() -> AppSnapshot;
    app_painted() -> ();
    app_quit(choice: QuitChoice) -> ();
    practice_scenario(name: String, speed: f64) -> ();
    stamp_import(import: StampImport) -> StampImportResult;
    stamp_keep(stamp: StampProfile, forget_former: bool) -> StampKept;
    stamp_rename(stamp_id: String, name: String) -> AppSnapshot;
    stamp_export(stamp_id: String) -> Option<String>;
    stamp_fall_back(stamp_id: String, fall_back: FallBack) -> AppSnapshot;
    stamp_forget(stamp_id: String, records: bool) -> StampForgotten;
    portal_open(address: String) -> ();
    arm_begin(ask: ArmAsk) -> ArmStep;
    arm_open() -> ();
    arm_finish() -> ArmStep;
    arm_trust(root: RootChoice) -> bool;
    arm_cancel() -> ();
    endpoint_probe(stamp_id: String, addresses: Vec<EndpointAddress>) -> ();
    endpoint_probe_cancel() -> ();
    sign_in_ways(stamp_id: String, address: EndpointAddress) -> SignInWays;
    session_inspect(stamp_id: String, address: EndpointAddress, way: Option<SignInWay>) -> ConnectResult;
    session_trust(stamp_id: String, address: EndpointAddress, decision: IdentityDecision) -> ();
    session_open(sign_in: SignIn) -> ConnectResult;
    session_cancel() -> ();
    session_close(close: CloseSpec) -> CloseResult;
    secret_has(stamp_id: String, account: String) -> bool;
    secret_delete(stamp_id: String, account: String) -> ();
    record_abandon(record_id: String) -> AppSnapshot;
    command_describe(name: String) -> CatalogueEntry;
    run_preview(run: RunSpec) -> RunPreview;
    run_start(run: RunSpec) -> RunStart;
    run_confirm(ticket: String, typed: String) -> RunStart;
    run_attach(run_id: String, after: u64) -> ();
    run_ack(run_id: String, batch: u64) -> ();
    run_stop(run_id: String) -> ();
    prompt_answer(run_id: String, call: i64, answer: PromptAnswer) -> ();
}
