import type * as c from '../../src/host/contract';
import type { Host } from '../../src/host/host';
import * as fixtures from './fixtures';

/** A host that answers from fixtures, steered by the gallery through `window.gallery`. */
const handlers = new Map<string, ((payload: unknown) => void)[]>();
const answers = new Map<string, unknown>();
const calls: { command: string; args: object }[] = [];
const never = new Promise<never>(() => undefined);
const emit = (event: string, payload: unknown) => handlers.get(event)?.forEach((one) => one(payload));
let which = new URLSearchParams(location.search).get('start') ?? 'first';
let practice = false;

function usual(command: string, args: Record<string, unknown>): unknown {
  switch (command) {
    case 'app_snapshot':
      return fixtures.snapshot(which);
    case 'stamp_import':
      return { kind: 'read', found: fixtures.found } satisfies c.StampImportResult;
    case 'stamp_keep':
      return {
        stamp: { ...(args['stamp'] as c.StampProfile), addresses: fixtures.ownStamp.addresses },
        relation: { kind: 'new' },
        faults: [],
        snapshot: fixtures.snapshot('returning'),
      } satisfies c.StampKept;
    case 'stamp_rename':
      return fixtures.snapshot(which);
    case 'stamp_export':
      return '/home/operator/Documents/AzureStackStampInformation-Contoso-West.json';
    case 'arm_begin':
      return fixtures.signIn;
    case 'arm_finish':
      return never;
    case 'stamp_forget': {
      which = 'returning';
      const snapshot = fixtures.snapshot(which);
      return { passwords: 1, computers: 3, roots: 1, records: 0, faults: [], snapshot } satisfies c.StampForgotten;
    }
    case 'record_abandon':
      which = 'returning';
      return fixtures.snapshot(which);
    case 'command_describe':
      return fixtures.snapshot(which).catalogue.find((one) => one.name === args['name']);
    case 'stamp_fall_back': {
      const now = fixtures.snapshot(which);
      const chosen = args['fallBack'] as c.FallBack;
      const stamps = now.stamps.map((one) => (one.id === args['stampId'] ? { ...one, fallBack: chosen } : one));
      return { ...now, stamps } satisfies c.AppSnapshot;
    }
    case 'sign_in_ways':
      return fixtures.ways satisfies c.SignInWays;
    case 'session_inspect':
      practice = args['stampId'] === fixtures.practiceStamp.id;
      return (
        practice ? { kind: 'cancelled' } : { kind: 'identity', question: fixtures.question }
      ) satisfies c.ConnectResult;
    case 'session_open':
      return { kind: 'open', session: fixtures.session(practice), notKept: null } satisfies c.ConnectResult;
    case 'secret_has':
      return false;
    case 'run_preview':
      return preview(args['run'] as c.RunSpec);
    case 'run_start': {
      const { cmdlet } = args['run'] as c.RunSpec;
      const known = fixtures.snapshot(which).catalogue.find((one) => one.name === cmdlet);
      if (!known?.guarded) return { kind: 'started', runId: 'run-1' } satisfies c.RunStart;
      return { kind: 'needsConfirmation', ticket: 't1', risk: known.risk, phrase: 'west' } satisfies c.RunStart;
    }
    case 'run_confirm':
      return { kind: 'notConfirmed' } satisfies c.RunStart;
    case 'session_close': {
      const copies = (args['close'] as c.CloseSpec).kind === 'withTranscripts';
      return { kind: 'closed', summary: fixtures.summary(copies, practice) } satisfies c.CloseResult;
    }
    default:
      return null;
  }
}

function preview(run: c.RunSpec): c.RunPreview {
  const known = fixtures.snapshot(which).catalogue.find((one) => one.name === run.cmdlet);
  const help = (name: string) => known?.parameters.find((one) => one.name === name)?.help ?? '';
  const parts: c.PreviewPart[] = [{ text: run.cmdlet, role: 'cmdlet', explanation: known?.summary ?? '' }];
  for (const [name, value] of Object.entries(run.parameters)) {
    parts.push({ text: `-${name}`, role: 'parameter', explanation: help(name) });
    if (value.kind === 'switch') continue;
    const secret = value.kind === 'credential' || value.kind === 'secret';
    const plain =
      value.kind === 'list'
        ? value.values.map((one) => `'${one}'`).join(', ')
        : 'value' in value
          ? `'${value.value}'`
          : '';
    parts.push({ text: secret ? '<asked, not shown>' : plain, role: secret ? 'secret' : 'value', explanation: '' });
  }
  const path = run.parameters['OutputSharePath'];
  const faults: c.ParameterFault[] = [];
  if (run.cmdlet === 'Get-AzureStackLog' && !path) faults.push({ parameter: 'OutputSharePath', reason: 'missing' });
  if (path?.kind === 'text' && !path.value.startsWith('\\\\'))
    faults.push({ parameter: 'OutputSharePath', reason: 'noShare' });
  const risk = run.parameters['ServiceAdminCredentials'] ? 'change' : (known?.risk ?? 'change');
  const warnings =
    run.cmdlet === 'Get-AzureStackLog' ? ['two collections at once slow the stamp', 'wait 5 minutes after a stop'] : [];
  return {
    text: parts.map((part) => part.text).join(' '),
    parts,
    risk,
    guarded: known?.guarded ?? true,
    warnings,
    faults,
  };
}

declare global {
  interface Window {
    gallery: unknown;
  }
}
window.gallery = {
  ...fixtures,
  emit,
  calls,
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
