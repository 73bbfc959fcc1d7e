import type * as c from '../../src/host/contract';
import type { Host } from '../../src/host/host';
import { address, failures, own, ownStamp, practiceStamp, question, session, snapshot, summary } from './fixtures';

/** A host that answers from fixtures, steered by the gallery through `window.gallery`. */
const handlers = new Map<string, ((payload: unknown) => void)[]>();
const answers = new Map<string, unknown>();
const calls: { command: string; args: object }[] = [];
const never = new Promise<never>(() => undefined);
const emit = (event: string, payload: unknown) => handlers.get(event)?.forEach((one) => one(payload));
const which = new URLSearchParams(location.search).get('start') ?? 'first';

function usual(command: string, args: Record<string, unknown>): unknown {
  switch (command) {
    case 'app_snapshot': return snapshot(which);
    case 'stamp_import': return { kind: 'read', stamp: own, read: [{ name: 'CloudID', value: own.cloudId }, { name: 'RegionName', value: own.region }], warnings: [] } satisfies c.StampImportResult;
    case 'stamp_keep': return snapshot('returning');
    case 'endpoint_probe': return null;
    case 'session_inspect': return (args['stampId'] === practiceStamp.id ? { kind: 'cancelled' } : { kind: 'identity', question }) satisfies c.ConnectResult;
    case 'session_open': return { kind: 'open', session: session(true) } satisfies c.ConnectResult;
    case 'secret_has': return false;
    case 'run_preview': return preview(args['run'] as c.RunSpec);
    case 'run_start': return { kind: 'started', runId: 'run-1' } satisfies c.RunStart;
    case 'session_close': return { kind: 'closed', summary: summary((args['close'] as c.CloseSpec).kind === 'withTranscripts') } satisfies c.CloseResult;
    default: return null;
  }
}

function preview(run: c.RunSpec): c.RunPreview {
  const parts: c.PreviewPart[] = [{ text: run.cmdlet, role: 'cmdlet', explanation: '' }];
  for (const [name, value] of Object.entries(run.parameters)) {
    parts.push({ text: `-${name}`, role: 'parameter', explanation: '' });
    if (value.kind === 'switch') continue;
    const secret = value.kind === 'credential' || value.kind === 'secret';
    const text = secret ? '<asked, not shown>' : value.kind === 'list' ? value.values.map((one) => `"${one}"`).join(', ') : `"${value.value}"`;
    parts.push({ text, role: secret ? 'secret' : 'value', explanation: '' });
  }
  const faults = run.cmdlet === 'Get-AzureStackLog' && !run.parameters['OutputSharePath'] ? [{ parameter: 'OutputSharePath', reason: 'missing' }] : [];
  return { text: parts.map((part) => part.text).join(' '), parts, risk: 'read', warnings: [], faults };
}

declare global {
  interface Window { gallery: unknown }
}
window.gallery = {
  emit, calls, failures, address, session, ownStamp,
  answer: (command: string, how: unknown) => answers.set(command, how),
  release: (command: string) => answers.delete(command),
};

export const host: Host = {
  call<T>(command: string, args: object): Promise<T> {
    calls.push({ command, args });
    const how = answers.get(command);
    if (how === 'wait') return never;
    if (how !== undefined) return Promise.resolve(how as T);
    return Promise.resolve(usual(command, args as Record<string, unknown>) as T);
  },
  listen: (event, handler) => void handlers.set(event, [...(handlers.get(event) ?? []), handler]),
};
