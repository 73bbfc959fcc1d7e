import { describe, expect, it } from 'vitest';
import type { Found, FoundCandidate } from '../../src/host/contract';
import {
  addresses,
  exclusive,
  facts,
  factsText,
  firstName,
  origins,
  ticked,
  wantsDecision,
} from '../../src/state/found';

const candidate = (host: string, more: Partial<FoundCandidate> = {}): FoundCandidate => ({
  address: { host, port: 5985, label: '' },
  known: true,
  dialled: true,
  origins: [{ source: 'stamp_file', from: 'x.json' }],
  ...more,
});
const found = (more: Partial<Found> = {}): Found => ({
  stamp: {
    id: 'a',
    name: 'east',
    region: 'east',
    netbiosDomain: '',
    dnsDomain: '',
    externalDomain: '',
    cloudId: '',
    deploymentId: '',
    version: '',
    resourceManager: '',
    addresses: [],
    source: 'typed',
    lastUsed: null,
    practice: false,
    fallBack: 'ask',
  },
  candidates: [],
  learnt: [],
  contradictions: [],
  problems: [],
  relation: { kind: 'new' },
  ...more,
});

describe('what was found', () => {
  const all = found({
    candidates: [
      candidate('10.0.0.1'),
      candidate('10.0.0.2', { known: false }),
      candidate('azs-ercs03', { known: false, dialled: false }),
    ],
  });
  it('is looked at where somebody knows it; guesses wait for a person, names without an address for nobody', () => {
    expect(ticked(all)).toEqual(['10.0.0.1']);
    const chosen = addresses(all, ['10.0.0.2', 'azs-ercs03', '10.9.9.9']);
    expect(chosen.map((one) => one.host)).toEqual(['10.0.0.2']);
  });
  it('says where each address comes from, once', () => {
    const twice = candidate('10.0.0.1', {
      origins: [
        { source: 'typed', from: '' },
        { source: 'typed', from: '' },
        { source: 'stamp_file', from: 'x.json' },
      ],
    });
    expect(origins(twice)).toBe('typed in and file: x.json');
  });
  it('gathers the values of a fact, and tells an operation apart', () => {
    const told = found({
      learnt: [
        { fact: 'dns_server', value: 'a' },
        { fact: 'dns_server', value: 'b' },
        { fact: 'dns_server', value: 'a' },
        { fact: 'exclusive_operation_running', value: 'true' },
        { fact: 'exclusive_operation', value: 'Update 1' },
      ],
    });
    expect(facts(told)).toEqual([{ fact: 'dns_server', name: 'DNS', values: ['a', 'b'] }]);
    expect(factsText(told)).toBe('DNS: a, b');
    expect(exclusive(told)).toBe('Update 1');
    const running = (value: string) => found({ learnt: [{ fact: 'exclusive_operation_running', value }] });
    expect([exclusive(running('true')), exclusive(running('false')), exclusive(all)]).toEqual([
      '',
      undefined,
      undefined,
    ]);
  });
  it('keeps the name of a stamp that is known, and waits where another one may be meant', () => {
    const known = { stampId: 'a', name: 'My stamp' };
    expect(firstName(all)).toBe('east');
    expect(firstName(found({ relation: { kind: 'bound', ...known } }))).toBe('My stamp');
    expect(firstName(found({ relation: { kind: 'redeployed', ...known } }))).toBe('east');
    const kinds = ['bound', 'redeployed', 'unsure'] as const;
    expect(kinds.map((kind) => wantsDecision({ kind, ...known }))).toEqual([false, true, true]);
    expect(wantsDecision({ kind: 'same', ...known, changed: [] })).toBe(false);
  });
});
