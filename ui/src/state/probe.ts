import type { EndpointAddress, Fault, ProbeStageName, ProbeUpdate, StageState } from '../host/contract';
import { span, word, type Word } from '../words';

/** What is looked at, in order. */
export const stages: ProbeStageName[] = ['name', 'route', 'port', 'winRm', 'negotiate'];

/** Clocks that differ by more make sign-in fail. */
const SKEW = 300;
/** The header that tells the time counts whole seconds, and the answer was on its way. */
const EXACT = 2;

/** How a stage of an instance stands; none when it was not tried and will not be. */
export function standingOf(probe: ProbeUpdate | undefined, stage: ProbeStageName): StageState | undefined {
  const state = probe?.stages.find((known) => known.stage === stage)?.state ?? 'waiting';
  return state === 'waiting' && probe?.done ? undefined : state;
}

/** The word for it. */
export function saidOf(stage: ProbeStageName, state: StageState | undefined, fault: Fault | undefined): Word {
  if (state === undefined) return '1b.untried';
  if (state === 'done') return `1b.done.${stage}`;
  if (state === 'running') return '1b.trying';
  if (state === 'waiting') return '1b.waiting';
  if (stage === 'port' && fault?.code === 'PEP-2103') return '1b.closed';
  if (fault?.code === 'PEP-1105') return '1b.portal';
  return fault?.code === 'PEP-2110' ? '1b.proxy' : `1b.failed.${stage}`;
}

/** How far the clock of an instance is from this computer's, in a few signs. */
export function clockOf(probe: ProbeUpdate | undefined): string {
  const ahead = probe?.clockAheadS;
  if (ahead == null) return '';
  if (Math.abs(ahead) <= EXACT) return word('1b.clock.same');
  return word(ahead > 0 ? '1b.clock.ahead' : '1b.clock.behind', { time: span(Math.abs(ahead)) });
}

/** By how much the clocks differ, in seconds, when that is a problem; otherwise 0. */
export function skewOf(probe: ProbeUpdate | undefined): number {
  const ahead = probe?.clockAheadS ?? 0;
  return Math.abs(ahead) > SKEW ? ahead : 0;
}

/** `10.14.22.61`, with its port where that is not the usual one. */
export function placeOf(address: { host: string; port: number }): string {
  if (address.port === 5985) return address.host;
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/** How long an instance that was trusted before is waited for, in milliseconds, when another one has answered. */
export const GRACE = 2_000;

/** The instance that is used when nobody has chosen one: one that was trusted before, otherwise the first that can be used. */
export function suggested(
  addresses: EndpointAddress[],
  probe: (one: EndpointAddress) => ProbeUpdate | undefined,
  waited: (one: EndpointAddress) => number,
): EndpointAddress | undefined {
  const usable = addresses.filter((one) => probe(one)?.usable);
  const trusted = usable.find((one) => probe(one)?.trusted);
  const awaited = addresses.some((one) => probe(one)?.trusted && !probe(one)?.done && waited(one) < GRACE);
  return trusted ?? (awaited ? undefined : usable[0]);
}
