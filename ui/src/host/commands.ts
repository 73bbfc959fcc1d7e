import { host } from '#host';
import type * as c from './contract';

/** The commands of the app, as functions. Passwords among the arguments are strings that nothing here keeps. */

export const appSnapshot = () => host.call<c.AppSnapshot>('app_snapshot', {});
export const appPainted = () => host.call<null>('app_painted', {});
export const appQuit = (choice: c.QuitChoice) => host.call<null>('app_quit', { choice });
export const stampImport = (source: c.StampImport) =>
  host.call<c.StampImportResult>('stamp_import', { import: source });
export const stampKeep = (stamp: c.StampProfile, forgetFormer: boolean) =>
  host.call<c.StampKept>('stamp_keep', { stamp, forgetFormer });
export const stampRename = (stampId: string, name: string) =>
  host.call<c.AppSnapshot>('stamp_rename', { stampId, name });
export const stampExport = (stampId: string) => host.call<string | null>('stamp_export', { stampId });
export const portalOpen = (address: string) => host.call<null>('portal_open', { address });
export const armBegin = (ask: c.ArmAsk) => host.call<c.ArmStep>('arm_begin', { ask });
export const armOpen = () => host.call<null>('arm_open', {});
export const armFinish = () => host.call<c.ArmStep>('arm_finish', {});
export const armTrust = (root: c.RootChoice) => host.call<boolean>('arm_trust', { root });
export const armCancel = () => host.call<null>('arm_cancel', {});
export const endpointProbe = (stampId: string, addresses: c.EndpointAddress[]) =>
  host.call<null>('endpoint_probe', { stampId, addresses });
export const endpointProbeCancel = () => host.call<null>('endpoint_probe_cancel', {});
export const stampForget = (stampId: string, records: boolean) =>
  host.call<c.StampForgotten>('stamp_forget', { stampId, records });
export const recordAbandon = (recordId: string) => host.call<c.AppSnapshot>('record_abandon', { recordId });
export const stampFallBack = (stampId: string, fallBack: c.FallBack) =>
  host.call<c.AppSnapshot>('stamp_fall_back', { stampId, fallBack });
export const signInWays = (stampId: string, address: c.EndpointAddress) =>
  host.call<c.SignInWays>('sign_in_ways', { stampId, address });
export const sessionInspect = (stampId: string, address: c.EndpointAddress, way: c.SignInWay | null) =>
  host.call<c.ConnectResult>('session_inspect', { stampId, address, way });
export const sessionTrust = (stampId: string, address: c.EndpointAddress, decision: c.IdentityDecision) =>
  host.call<null>('session_trust', { stampId, address, decision });
export const sessionOpen = (signIn: c.SignIn) => host.call<c.ConnectResult>('session_open', { signIn });
export const sessionCancel = () => host.call<null>('session_cancel', {});
export const sessionClose = (close: c.CloseSpec) => host.call<c.CloseResult>('session_close', { close });
export const secretHas = (stampId: string, account: string) => host.call<boolean>('secret_has', { stampId, account });
export const commandDescribe = (name: string) => host.call<c.CatalogueEntry>('command_describe', { name });
export const runPreview = (run: c.RunSpec) => host.call<c.RunPreview>('run_preview', { run });
export const runStart = (run: c.RunSpec) => host.call<c.RunStart>('run_start', { run });
export const runConfirm = (ticket: string, typed: string) => host.call<c.RunStart>('run_confirm', { ticket, typed });
export const runAttach = (runId: string, after: number) => host.call<null>('run_attach', { runId, after });
export const runAck = (runId: string, batch: number) => host.call<null>('run_ack', { runId, batch });
export const runStop = (runId: string) => host.call<null>('run_stop', { runId });
export const promptAnswer = (runId: string, call: number, answer: c.PromptAnswer) =>
  host.call<null>('prompt_answer', { runId, call, answer });
export const listen = <T>(event: string, handler: (payload: T) => void) =>
  host.listen(event, (payload) => handler(payload as T));
