// Written by `cargo xtask contract` from the Rust types. Do not edit.

export type StampProfile = { 
/**
 * Its id on this computer.
 */
id: string, 
/**
 * The name that the person gave it.
 */
name: string, 
/**
 * The region; empty when unknown.
 */
region: string, 
/**
 * The short name of the internal domain; empty when unknown.
 */
netbiosDomain: string, 
/**
 * The full name of the internal domain; empty when unknown.
 */
dnsDomain: string, 
/**
 * The external suffix, with the region; empty when unknown.
 */
externalDomain: string, 
/**
 * The Cloud ID; empty when unknown.
 */
cloudId: string, 
/**
 * The deployment's id; empty when unknown.
 */
deploymentId: string, 
/**
 * The version; empty when unknown.
 */
version: string, 
/**
 * The administrator Resource Manager that was asked; empty when none was.
 */
resourceManager: string, 
/**
 * The instances.
 */
addresses: Array<EndpointAddress>, 
/**
 * Where all this comes from.
 */
source: StampSource, 
/**
 * When it was used last, in seconds since 1970; none before the first time.
 */
lastUsed: number | null, 
/**
 * Whether it is the practice stamp.
 */
practice: boolean, 
/**
 * What is done where an instance has a name that it cannot prove.
 */
fallBack: FallBack, };

export type StampSource = "practice" | "file" | "typed";

export type FallBack = "ask" | "allow" | "never";

export type EndpointAddress = { 
/**
 * The address or name as it is dialled.
 */
host: string, 
/**
 * The port.
 */
port: number, 
/**
 * A short name, for example ERCS01.
 */
label: string, };

export type StampImport = { "kind": "choose" } | { "kind": "argument", 
/**
 * Which.
 */
index: number, } | { "kind": "content", 
/**
 * The file's name.
 */
fileName: string, 
/**
 * Its bytes in base64.
 */
base64: string, } | { "kind": "text", 
/**
 * The text.
 */
text: string, } | { "kind": "typed", 
/**
 * The text.
 */
text: string, } | { "kind": "names", 
/**
 * The naming prefix; empty for the usual one.
 */
prefix: string, 
/**
 * The domain; empty for none.
 */
domain: string, } | { "kind": "portal", 
/**
 * The address.
 */
address: string, } | { "kind": "remembered", 
/**
 * Its id.
 */
stampId: string, };

export type StampImportResult = { "kind": "read", 
/**
 * It.
 */
found: Found, } | { "kind": "nothing" } | { "kind": "refused", 
/**
 * Why.
 */
fault: Fault, };

export type Found = { 
/**
 * The stamp that all of it describes, with the addresses that are known.
 */
stamp: StampProfile, 
/**
 * Where its endpoints may be.
 */
candidates: Array<FoundCandidate>, 
/**
 * What else was told.
 */
learnt: Array<FoundFact>, 
/**
 * The facts of which different values were told.
 */
contradictions: Array<string>, 
/**
 * What could not be used.
 */
problems: Array<Fault>, 
/**
 * What it is to the stamps that this computer knows.
 */
relation: StampRelation, };

export type FoundCandidate = { 
/**
 * It.
 */
address: EndpointAddress, 
/**
 * Whether somebody or something that knows has told it; otherwise it is a guess.
 */
known: boolean, 
/**
 * Whether it may be looked at: a name without an address may not.
 */
dialled: boolean, 
/**
 * Where it comes from.
 */
origins: Array<FoundOrigin>, };

export type FoundOrigin = { 
/**
 * The kind of source, as a word key.
 */
source: string, 
/**
 * The file, the label, or the name that was resolved; may be empty.
 */
from: string, };

export type FoundFact = { 
/**
 * What it is about, as a word key.
 */
fact: string, 
/**
 * The value, as it was told.
 */
value: string, };

export type StampRelation = { "kind": "new" } | { "kind": "same", 
/**
 * Its id.
 */
stampId: string, 
/**
 * Its name.
 */
name: string, 
/**
 * What is told differently now, as word keys.
 */
changed: Array<string>, } | { "kind": "bound", 
/**
 * Its id so far.
 */
stampId: string, 
/**
 * Its name.
 */
name: string, } | { "kind": "redeployed", 
/**
 * The id of the former.
 */
stampId: string, 
/**
 * Its name.
 */
name: string, } | { "kind": "unsure", 
/**
 * Its id.
 */
stampId: string, 
/**
 * Its name.
 */
name: string, };

export type StampKept = { 
/**
 * It, as it is kept.
 */
stamp: StampProfile, 
/**
 * What it was to those that were known.
 */
relation: StampRelation, 
/**
 * Why something of the former could not be moved or removed.
 */
faults: Array<Fault>, 
/**
 * Everything as it is now.
 */
snapshot: AppSnapshot, };

export type ArmAsk = { 
/**
 * Region and external domain, or the address of a portal or of the Resource Manager.
 */
address: string, 
/**
 * Whether the person signs in by a code on any computer; otherwise with the browser of this one.
 */
byCode: boolean, };

export type ArmStep = { "kind": "signIn", 
/**
 * The Resource Manager.
 */
host: string, 
/**
 * Where the person signs in.
 */
provider: string, 
/**
 * The page on which the code is typed, and the code; none for the browser of this computer.
 */
code: ArmCode | null, 
/**
 * How many seconds somebody has for it.
 */
seconds: number, 
/**
 * Why the browser could not be opened.
 */
notOpened: Fault | null, } | { "kind": "untrusted", 
/**
 * Why.
 */
fault: Fault, 
/**
 * What could be trusted for this stamp.
 */
offer: RootOffer | null, 
/**
 * Whether trusting a root helps at all.
 */
canTrust: boolean, } | { "kind": "read", 
/**
 * What.
 */
found: Found, } | { "kind": "nothing" } | { "kind": "failed", 
/**
 * Why.
 */
fault: Fault, };

export type ArmCode = { 
/**
 * The page on which it is typed.
 */
page: string, 
/**
 * The code.
 */
code: string, };

export type RootOffer = { 
/**
 * Whom it is of.
 */
subject: string, 
/**
 * Until when it is valid.
 */
validUntil: string, 
/**
 * Its SHA-256, which a person compares.
 */
sha256: string, 
/**
 * Whether it signed itself, as a root does.
 */
isRoot: boolean, };

export type RootChoice = { "kind": "offered", 
/**
 * Its SHA-256.
 */
sha256: string, } | { "kind": "file" };

export type ProbeUpdate = { 
/**
 * Which instance.
 */
host: string, 
/**
 * Its port.
 */
port: number, 
/**
 * The stages that are over or run, in order.
 */
stages: Array<ProbeStage>, 
/**
 * Whether the check is over.
 */
done: boolean, 
/**
 * Whether the instance can be used.
 */
usable: boolean, 
/**
 * Whether a person has trusted the computer at this address before.
 */
trusted: boolean, 
/**
 * How long the check took, in milliseconds.
 */
tookMs: number, 
/**
 * After how many milliseconds a connection is given up.
 */
limitMs: number, 
/**
 * The time of one request and its answer, in milliseconds.
 */
roundTripMs: number | null, 
/**
 * How far the instance's clock is ahead of ours, in seconds.
 */
clockAheadS: number | null, 
/**
 * What serves there, as it says.
 */
server: string | null, 
/**
 * The sign-in schemes that it offers.
 */
schemes: Array<string>, 
/**
 * Why it cannot be used.
 */
fault: Fault | null, };

export type ProbeStage = { 
/**
 * Which.
 */
stage: ProbeStageName, 
/**
 * How it stands.
 */
state: StageState, };

export type ProbeStageName = "name" | "route" | "port" | "winRm" | "negotiate";

export type StageState = "waiting" | "running" | "done" | "failed";

export type Fault = { 
/**
 * The stable code, for example `PEP-4103`.
 */
code: string, 
/**
 * Who must act.
 */
blame: Blame, 
/**
 * What helps next.
 */
next: Next, 
/**
 * Values for the sentences: host, account, seconds, message.
 */
values: { [key in string]: string }, 
/**
 * Technical detail for support, in English, without secrets.
 */
detail: Array<string>, };

export type Blame = "thisComputer" | "network" | "endpoint" | "input" | "policy" | "app";

export type Next = "retry" | "fixInput" | "reconnect" | "chooseOther" | "askSupport";

export type PasswordEntry = string;

export type SignIn = { 
/**
 * The stamp.
 */
stampId: string, 
/**
 * The instance.
 */
address: EndpointAddress, 
/**
 * The account as typed.
 */
account: string, 
/**
 * The password; none to take the one from the key ring.
 */
password: PasswordEntry | null, 
/**
 * Whether to keep the password in the key ring.
 */
remember: boolean, 
/**
 * The way that a person chose; none for the usual one: by name where an endpoint has one.
 */
way: SignInWay | null, 
/**
 * Whether to use the Kerberos tickets of this computer instead of a password.
 */
tickets: boolean, 
/**
 * The record of the session that is taken over; none to open a new session.
 */
recordId: string | null, };

export type SignInWay = "byName" | "ntlm";

export type SignInWays = { 
/**
 * The usual one.
 */
usual: SignInWay, 
/**
 * What is done where the endpoint has a name that it cannot prove.
 */
fallBack: FallBack, 
/**
 * Whose Kerberos tickets there are on this computer.
 */
tickets: string | null, 
/**
 * When its name was proved for the first time, in seconds since 1970; none when it never was.
 */
provedSince: number | null, };

export type ConnectResult = { "kind": "open", 
/**
 * It.
 */
session: SessionSnapshot, 
/**
 * Why the password was not kept, though that was asked for.
 */
notKept: Fault | null, } | { "kind": "identity", 
/**
 * The question.
 */
question: IdentityQuestion, } | { "kind": "fallBack", 
/**
 * Why.
 */
fault: Fault, } | { "kind": "cancelled" } | { "kind": "failed", 
/**
 * Why.
 */
fault: Fault, };

export type IdentityQuestion = { 
/**
 * Whether another computer was known here before.
 */
changed: boolean, 
/**
 * What it says now.
 */
now: IdentityNames, 
/**
 * What is remembered.
 */
before: IdentityNames | null, 
/**
 * What the stamp's data say its domain is; empty when they do not.
 */
expectedDomain: string, 
/**
 * Whether the domain fits the stamp's data; none when they do not say.
 */
domainFits: boolean | null, 
/**
 * The endpoint's certificate; none without TLS.
 */
certificate: IdentityCertificate | null, 
/**
 * How it would be signed in to; by name, the names are proved.
 */
way: SignInWay, 
/**
 * Why it cannot be proved by its name, though it has one.
 */
fellBack: Fault | null, };

export type IdentityCertificate = { 
/**
 * The SHA-256 of its public key, as pairs of digits: what is compared.
 */
key: string, 
/**
 * The key that was trusted before; none where none was.
 */
keyBefore: string | null, 
/**
 * Whom it is of, as it says.
 */
subject: string, 
/**
 * Who signed it, as it says.
 */
issuer: string, 
/**
 * Until when it is valid.
 */
validUntil: string, 
/**
 * Whether the operating system vouches for it.
 */
vouched: boolean, };

export type IdentityNames = { 
/**
 * The computer.
 */
computer: string, 
/**
 * Its domain.
 */
domain: string, 
/**
 * The computer's full name; may be empty.
 */
dnsComputer: string, 
/**
 * When this was remembered, in seconds since 1970.
 */
since: number | null, };

export type IdentityDecision = { "kind": "trust" } | { "kind": "replace", 
/**
 * What was typed.
 */
typedComputer: string, };

export type ConnectStage = { 
/**
 * Which stage.
 */
stage: ConnectStageName, 
/**
 * How it stands.
 */
state: StageState, 
/**
 * How long it took, in milliseconds.
 */
ms: number, 
/**
 * Who answers; told with the stage that verifies it.
 */
names: IdentityNames | null, 
/**
 * How it is signed in to.
 */
way: SignInWay, 
/**
 * Whether that is not the usual way, because Kerberos is not possible.
 */
fellBack: boolean, };

export type ConnectStageName = "reach" | "signIn" | "verify" | "open" | "check" | "commands";

export type SessionState = { "kind": "connecting" } | { "kind": "ready" } | { "kind": "running" } | { "kind": "retrying", 
/**
 * Seconds until it is given up.
 */
giveUpInS: number, } | { "kind": "lost", 
/**
 * Why.
 */
fault: Fault, } | { "kind": "closing" } | { "kind": "closed" } | { "kind": "closedWithoutTranscripts" };

export type SessionSnapshot = { 
/**
 * Its id.
 */
id: string, 
/**
 * The stamp.
 */
stampId: string, 
/**
 * The instance.
 */
address: EndpointAddress, 
/**
 * The computer's name.
 */
computer: string, 
/**
 * The account.
 */
account: string, 
/**
 * When it was opened, in seconds since 1970.
 */
opened: number, 
/**
 * Its state.
 */
state: SessionState, 
/**
 * The commands that the endpoint lists.
 */
commands: Array<string>, 
/**
 * What was checked to see that it is a PEP.
 */
checks: Array<EndpointCheck>, 
/**
 * Where it is recorded.
 */
recordPath: string, 
/**
 * Whether it is practice.
 */
practice: boolean, 
/**
 * How it was signed in to.
 */
way: SignInWay, 
/**
 * Why it was not by name, though the endpoint has one.
 */
fellBack: Fault | null, 
/**
 * The run that is going on.
 */
activeRun: string | null, 
/**
 * Why no further connection signs in, while the session goes on over those that it has.
 */
fewerConnections: Fault | null, 
/**
 * Why the record is suspended: nothing new is started, and what comes is counted only (J-05).
 */
recordFault: Fault | null, 
/**
 * How many commands the person has run in it.
 */
runs: number, 
/**
 * For how many seconds the endpoint keeps the session and what runs in it without us; none when it does not.
 */
keptForS: number | null, };

export type EndpointCheck = { 
/**
 * Which, by word key.
 */
check: string, 
/**
 * Whether it is as it should be.
 */
passed: boolean, 
/**
 * What was seen.
 */
seen: string, };

export type CloseSpec = { "kind": "withTranscripts", 
/**
 * The share as the stamp reaches it.
 */
share: string, 
/**
 * The account of the share.
 */
account: string, 
/**
 * Its password.
 */
password: PasswordEntry, } | { "kind": "leaveTranscripts" } | { "kind": "letGo" };

export type CloseStage = { 
/**
 * Which stage.
 */
stage: CloseStageName, 
/**
 * How it stands.
 */
state: StageState, 
/**
 * How long it took, in milliseconds.
 */
ms: number, };

export type CloseStageName = "ask" | "copy" | "confirm" | "gone";

export type CloseResult = { "kind": "closed", 
/**
 * What there is to say about the session.
 */
summary: Summary, } | { "kind": "letGo", 
/**
 * What is needed to take it over.
 */
left: UnfinishedSession, } | { "kind": "failed", 
/**
 * Why.
 */
fault: Fault, };

export type Summary = { 
/**
 * Whether the transcripts are on the share.
 */
transcripts: boolean, 
/**
 * The share.
 */
share: string, 
/**
 * The instance's computer name.
 */
computer: string, 
/**
 * Its domain.
 */
domain: string, 
/**
 * The account.
 */
account: string, 
/**
 * When it was opened, in seconds since 1970.
 */
opened: number, 
/**
 * When it was closed, in seconds since 1970.
 */
closed: number, 
/**
 * What ran.
 */
commands: Array<SummaryCommand>, 
/**
 * The record's id.
 */
recordId: string, 
/**
 * The record's file.
 */
recordPath: string, 
/**
 * The hash at the record's end.
 */
headHash: string, 
/**
 * Whether it was practice.
 */
practice: boolean, };

export type SummaryCommand = { 
/**
 * Its text.
 */
text: string, 
/**
 * How it ended.
 */
outcome: RunOutcome, 
/**
 * How long it took, in seconds.
 */
seconds: number, 
/**
 * Errors.
 */
errors: number, 
/**
 * Warnings.
 */
warnings: number, 
/**
 * Checks, for a health check.
 */
checks: number, 
/**
 * How many of them failed.
 */
checksFailed: number, 
/**
 * What it may have done.
 */
risk: Risk, };

export type QuitChoice = "keepRunning" | "closeFirst" | "endNow";

export type CatalogueEntry = { 
/**
 * The cmdlet.
 */
name: string, 
/**
 * The group.
 */
group: string, 
/**
 * The question that it answers, by word key; empty for one that has none.
 */
question: string, 
/**
 * What it does, in a sentence.
 */
summary: string, 
/**
 * What it may do.
 */
risk: Risk, 
/**
 * How long it usually takes; empty when nobody knows.
 */
duration: string, 
/**
 * Whether it belongs to everyday work.
 */
everyday: boolean, 
/**
 * Whether it needs the ritual of guarded commands (S-23).
 */
guarded: boolean, 
/**
 * Whether it must not be run while the stamp is updated.
 */
blockedDuringUpdate: boolean, 
/**
 * Things to know before.
 */
pitfalls: Array<string>, 
/**
 * Its parameters.
 */
parameters: Array<CatalogueParameter>, 
/**
 * Whether the endpoint lists it; none before that is known.
 */
available: boolean | null, };

export type Risk = "read" | "change" | "destructive" | "session";

export type CatalogueParameter = { 
/**
 * Its name.
 */
name: string, 
/**
 * PowerShell's short type name.
 */
typeName: string, 
/**
 * Whether it must be given.
 */
mandatory: boolean, 
/**
 * What it is when not given; empty when unknown.
 */
default: string, 
/**
 * Known values.
 */
values: Array<string>, 
/**
 * What it is for.
 */
help: string, };

export type RunSpec = { 
/**
 * The cmdlet.
 */
cmdlet: string, 
/**
 * Its parameters by name.
 */
parameters: { [key in string]: ParameterValue }, };

export type ParameterValue = { "kind": "text", 
/**
 * It.
 */
value: string, } | { "kind": "list", 
/**
 * They.
 */
values: Array<string>, } | { "kind": "number", 
/**
 * It.
 */
value: number, } | { "kind": "switch", 
/**
 * On or off.
 */
on: boolean, } | { "kind": "moment", 
/**
 * It.
 */
value: string, } | { "kind": "credential", 
/**
 * The account.
 */
account: string, 
/**
 * The password; none in a preview.
 */
password: PasswordEntry | null, } | { "kind": "secret", 
/**
 * It; none in a preview.
 */
password: PasswordEntry | null, };

export type RunPreview = { 
/**
 * The PowerShell line; secrets stand as a word.
 */
text: string, 
/**
 * The line in parts, for colours and explanations.
 */
parts: Array<PreviewPart>, 
/**
 * What it may do with these parameters.
 */
risk: Risk, 
/**
 * Whether it needs the ritual of guarded commands (S-23).
 */
guarded: boolean, 
/**
 * Things to know, as sentences.
 */
warnings: Array<string>, 
/**
 * Parameters that are not right.
 */
faults: Array<ParameterFault>, };

export type PreviewPart = { 
/**
 * The text.
 */
text: string, 
/**
 * What it is.
 */
role: PreviewRole, 
/**
 * What it does; may be empty.
 */
explanation: string, };

export type PreviewRole = "cmdlet" | "parameter" | "value" | "secret";

export type ParameterFault = { 
/**
 * Which.
 */
parameter: string, 
/**
 * Why, by word key.
 */
reason: string, };

export type RunStart = { "kind": "started", 
/**
 * Its id.
 */
runId: string, } | { "kind": "needsConfirmation", 
/**
 * What `run_confirm` is called with; it serves once and for a minute.
 */
ticket: string, 
/**
 * What the command may do.
 */
risk: Risk, 
/**
 * What must be typed.
 */
phrase: string, } | { "kind": "notConfirmed" } | { "kind": "failed", 
/**
 * Why.
 */
fault: Fault, };

export type RunBatch = { 
/**
 * The run.
 */
runId: string, 
/**
 * Its cmdlet.
 */
cmdlet: string, 
/**
 * Its line, without secrets.
 */
text: string, 
/**
 * When it was started, in milliseconds since 1970.
 */
startedMs: number, 
/**
 * When something came from it last, in milliseconds since 1970.
 */
heardMs: number, 
/**
 * The number of the batch, to be acknowledged.
 */
batch: number, 
/**
 * Lines, oldest first.
 */
items: Array<RunItem>, 
/**
 * How many lines there are in all.
 */
total: number, 
/**
 * Warnings in all.
 */
warnings: number, 
/**
 * Errors in all.
 */
errors: number, 
/**
 * How many were left out here; they are in the record.
 */
droppedFromView: number, 
/**
 * The latest progress by activity.
 */
progress: Array<RunProgress>, 
/**
 * The question that waits, if any.
 */
prompt: Prompt | null, 
/**
 * The state.
 */
state: RunState, };

export type RunItem = { 
/**
 * Its number in the record.
 */
seq: number, 
/**
 * When it came, in milliseconds since 1970.
 */
atMs: number, 
/**
 * The stream.
 */
stream: RunStream, 
/**
 * Its text.
 */
text: string, };

export type RunStream = "output" | "error" | "warning" | "verbose" | "debug" | "information" | "note";

export type RunProgress = { 
/**
 * The activity.
 */
activity: string, 
/**
 * How far it is, in words.
 */
status: string, 
/**
 * How far it is, 0 to 100, where known.
 */
percent: number | null, 
/**
 * Seconds left, where known.
 */
secondsRemaining: number | null, };

export type RunState = { "kind": "running" } | { "kind": "stopping" } | { "kind": "ended", 
/**
 * What came of it.
 */
result: RunResult, };

export type RunResult = { 
/**
 * How it ended.
 */
outcome: RunOutcome, 
/**
 * How long it took, in seconds.
 */
seconds: number, 
/**
 * Verdicts, for a health check.
 */
verdicts: Array<Verdict>, 
/**
 * Errors.
 */
errors: number, 
/**
 * Warnings.
 */
warnings: number, 
/**
 * Lines.
 */
lines: number, 
/**
 * Why it failed.
 */
fault: Fault | null, 
/**
 * What the stamp that it told of is to the one that was connected to.
 */
stamp: StampRelation | null, };

export type RunOutcome = "completed" | "failed" | "stopped" | "unknown";

export type Verdict = { 
/**
 * Its title.
 */
title: string, 
/**
 * The result.
 */
result: VerdictResult, 
/**
 * What was printed about it.
 */
details: Array<string>, };

export type VerdictResult = "pass" | "warn" | "fail" | "skip";

export type Prompt = { 
/**
 * Its number within the run.
 */
call: number, 
/**
 * The caption; may be empty.
 */
caption: string, 
/**
 * The message; may be empty.
 */
message: string, 
/**
 * What is asked.
 */
form: PromptForm, };

export type PromptForm = { "kind": "fields", 
/**
 * They.
 */
fields: Array<PromptField>, } | { "kind": "choice", 
/**
 * Labels; `&` stands before the letter.
 */
choices: Array<PromptChoice>, 
/**
 * The one to begin with.
 */
default: number | null, } | { "kind": "choices", 
/**
 * Labels; `&` stands before the letter.
 */
choices: Array<PromptChoice>, 
/**
 * Those to begin with.
 */
defaults: Array<number>, };

export type PromptField = { 
/**
 * The name under which it is answered.
 */
name: string, 
/**
 * The label.
 */
label: string, 
/**
 * A help text; may be empty.
 */
help: string, 
/**
 * What is typed.
 */
input: PromptInput, 
/**
 * Whether it must be filled in.
 */
mandatory: boolean, };

export type PromptInput = "text" | "number" | "secret" | "credential" | "list";

export type PromptChoice = { 
/**
 * The label.
 */
label: string, 
/**
 * A help text; may be empty.
 */
help: string, };

export type PromptAnswer = { "kind": "fields", 
/**
 * By name.
 */
values: { [key in string]: ParameterValue }, } | { "kind": "chosen", 
/**
 * Their places.
 */
choices: Array<number>, } | { "kind": "refuse" };

export type AppSnapshot = { 
/**
 * The app's version.
 */
version: string, 
/**
 * What the key ring of this system is called.
 */
keyringName: string, 
/**
 * Why passwords cannot be kept, if they cannot: then each is used once (S-36).
 */
keyringProblem: KeyringProblem | null, 
/**
 * The stamps that this computer knows, the practice stamp first.
 */
stamps: Array<StampProfile>, 
/**
 * The practice account.
 */
practice: Practice, 
/**
 * Sessions that were not closed.
 */
unfinished: Array<UnfinishedSession>, 
/**
 * The session that is open.
 */
session: SessionSnapshot | null, 
/**
 * The commands that are known.
 */
catalogue: Array<CatalogueEntry>, 
/**
 * How many files were given as arguments.
 */
fileArguments: number, 
/**
 * Why nothing can be started: there is no place for records (J-06).
 */
recordsFault: Fault | null, 
/**
 * What whoever looks after this computer forbids or requires.
 */
policy: Policy, };

export type KeyringProblem = { 
/**
 * What kind of a problem it is.
 */
kind: KeyringProblemKind, 
/**
 * The system's words.
 */
detail: string, };

export type KeyringProblemKind = "missing" | "locked" | "noDefault" | "failed";

export type Policy = { 
/**
 * Whether passwords may be kept.
 */
storePasswords: boolean, 
/**
 * Whether HTTPS is required.
 */
requireHttps: boolean, 
/**
 * Whether Kerberos is required.
 */
requireKerberos: boolean, 
/**
 * Whether there is practice.
 */
practice: boolean, 
/**
 * The file; empty when there is none.
 */
file: string, 
/**
 * What is wrong with it: then the strictest policy holds.
 */
damaged: string | null, };

export type Practice = { 
/**
 * The account.
 */
account: string, 
/**
 * The password.
 */
password: string, 
/**
 * The scenarios that can be chosen.
 */
scenarios: Array<PracticeScenario>, 
/**
 * The one that plays.
 */
scenario: string, 
/**
 * How many times as fast as real time it runs.
 */
speed: number, };

export type PracticeScenario = { 
/**
 * Its name.
 */
name: string, 
/**
 * A few words.
 */
title: string, 
/**
 * One sentence.
 */
what: string, };

export type UnfinishedSession = { 
/**
 * The record's id.
 */
recordId: string, 
/**
 * The stamp.
 */
stampId: string, 
/**
 * The address of the instance, with its port.
 */
endpoint: string, 
/**
 * The computer.
 */
computer: string, 
/**
 * The account.
 */
account: string, 
/**
 * When it was opened, in seconds since 1970.
 */
opened: number, 
/**
 * When something was recorded last, in seconds since 1970.
 */
left: number, 
/**
 * Whether it was practice.
 */
practice: boolean, 
/**
 * Whether it was left running on purpose; otherwise the app or the computer ended.
 */
leftRunning: boolean, 
/**
 * Whether its record tells enough to take it over.
 */
resumable: boolean, 
/**
 * The number of the first line of its record that was changed afterwards, if one was.
 */
alteredAt: number | null, };

export type StampForgotten = { 
/**
 * The passwords that were removed from the key ring.
 */
passwords: number, 
/**
 * The trusted computers that were removed.
 */
computers: number, 
/**
 * The trusted roots that were removed.
 */
roots: number, 
/**
 * The records that were deleted; none unless it was asked for.
 */
records: number, 
/**
 * Why something could not be removed.
 */
faults: Array<Fault>, 
/**
 * Everything as it is now.
 */
snapshot: AppSnapshot, };
