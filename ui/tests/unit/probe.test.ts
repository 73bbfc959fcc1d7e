import { describe, expect, it } from 'vitest';
import type { EndpointAddress, Fault, ProbeStageName, ProbeUpdate, StageState } from '../../src/host/contract';
import { networkNote } from '../../src/state/network-note';
import { clockOf, GRACE, placeOf, saidOf, skewOf, stages, standingOf, suggested } from '../../src/state/probe';
import { word } from '../../src/words';

const address = (last: number): EndpointAddress => ({ host: `10.0.0.${last}`, port: 5985, label: `ERCS0${last}` });
const fault = (code: string, detail: string[] = []): Fault => ({
  code,
  blame: 'network',
  next: 'retry',
  values: { host: '10.0.0.1', port: '5985' },
  detail,
});
const update = (last: ProbeStageName, state: StageState, more: Partial<ProbeUpdate> = {}): ProbeUpdate => ({
  host: '10.0.0.1',
  port: 5985,
  stages: stages.map((stage, at) => {
    const here = stages.indexOf(last);
    return { stage, state: at < here ? 'done' : at === here ? state : 'waiting' };
  }),
  done: true,
  usable: false,
  trusted: false,
  tookMs: 0,
  limitMs: 10_000,
  roundTripMs: null,
  clockAheadS: null,
  server: null,
  schemes: [],
  fault: null,
  ...more,
});

describe('an instance that is looked at', () => {
  it('passes stages in order, and what was not tried is not called waiting', () => {
    const running = update('port', 'running', { done: false });
    expect(stages.map((stage) => standingOf(running, stage))).toEqual([
      'done',
      'done',
      'running',
      'waiting',
      'waiting',
    ]);
    const failed = update('port', 'failed');
    expect(stages.map((stage) => standingOf(failed, stage))).toEqual(['done', 'done', 'failed', undefined, undefined]);
    expect(standingOf(undefined, 'name')).toBe('waiting');
  });
  it('has a word for every stage and every way to fail', () => {
    for (const stage of stages)
      for (const state of ['done', 'running', 'waiting', 'failed', undefined] as const)
        expect(word(saidOf(stage, state, undefined)), `${stage} ${state}`).not.toBe('');
    const port = ['PEP-2103', 'PEP-2104', 'PEP-1105'].map((code) => word(saidOf('port', 'failed', fault(code))));
    expect(new Set(port).size).toBe(3);
    expect(saidOf('winRm', 'failed', fault('PEP-2110'))).toBe('1b.proxy');
  });
  it('tells how far its clock is off, and when that is a problem', () => {
    const at = (clockAheadS: number | null) => update('negotiate', 'done', { clockAheadS });
    expect([0, 2, 3, -90].map((ahead) => clockOf(at(ahead)))).toEqual(['same', 'same', '+3 s', '\u22121 min']);
    expect(clockOf(at(null))).toBe('');
    expect([300, 301, -301].map((ahead) => skewOf(at(ahead)))).toEqual([0, 301, -301]);
  });
  it('is used as soon as it is the first that can be', () => {
    const seen: Record<string, ProbeUpdate> = {};
    const probe = (one: EndpointAddress) => seen[one.host];
    const all = [1, 2, 3].map(address);
    const label = (waited: number) => suggested(all, probe, () => waited)?.label;
    expect(label(0)).toBeUndefined();
    seen['10.0.0.2'] = update('negotiate', 'done', { usable: true });
    expect(label(0)).toBe('ERCS02');
  });
  it('waits a moment for one that was trusted before', () => {
    const seen: Record<string, ProbeUpdate> = {
      '10.0.0.1': update('port', 'running', { trusted: true, done: false }),
      '10.0.0.2': update('negotiate', 'done', { usable: true }),
    };
    const label = (waited: number) =>
      suggested(
        [2, 1].map(address),
        (one) => seen[one.host],
        () => waited,
      )?.label;
    expect([label(GRACE - 1), label(GRACE)]).toEqual([undefined, 'ERCS02']);
    seen['10.0.0.1'] = update('negotiate', 'done', { usable: true, trusted: true });
    expect(label(GRACE)).toBe('ERCS01');
    seen['10.0.0.1'] = update('port', 'failed', { trusted: true });
    expect(label(0)).toBe('ERCS02');
  });
  it('is named by its address, and its port only where that is another one', () => {
    expect([
      placeOf(address(1)),
      placeOf({ host: 'fd00::1', port: 5985 }),
      placeOf({ host: 'fd00::1', port: 1 }),
    ]).toEqual(['10.0.0.1', 'fd00::1', '[fd00::1]:1']);
  });
});

describe('the note for the network team', () => {
  it('says when, how far each instance came, why, and what is needed', () => {
    const seen: Record<string, ProbeUpdate> = {
      '10.0.0.1': update('port', 'failed', { fault: fault('PEP-2104', ['no answer within 10 s']) }),
      '10.0.0.2': update('negotiate', 'done', { usable: true }),
    };
    const note = networkNote([1, 2, 3].map(address), (one) => seen[one.host], Date.UTC(2026, 10, 24, 8, 30));
    for (const part of [
      '24 November 2026 at 08:30:00 UTC',
      'ERCS01 10.0.0.1:5985: No answer on the port (PEP-2104)',
      'failed at: the TCP port takes connections',
      'passed up to: there is a route to the address',
      'most likely: A firewall',
      'detail: no answer within 10 s',
      'ERCS02 10.0.0.2:5985: answers',
      'ERCS03 10.0.0.3:5985: not tried',
      'TCP port 5985',
    ])
      expect(note).toContain(part);
    expect(note).not.toMatch(/\{|undefined/);
  });
});
