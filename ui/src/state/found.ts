import type { EndpointAddress, Found, FoundCandidate, StampRelation } from '../host/contract';
import { list, word, wordFor } from '../words';
import { placeOf } from './probe';

/** Where an address comes from, in words. */
export function origins(candidate: FoundCandidate): string {
  const said = candidate.origins.map((origin) => {
    const source = wordFor('source', origin.source);
    return origin.from === '' ? source : word('source.from', { source, from: origin.from });
  });
  return list([...new Set(said)]);
}

/** The candidates that are ticked at first: those that somebody who knows has told. */
export function ticked(found: Found): string[] {
  return found.candidates.filter((one) => one.known && one.dialled).map((one) => placeOf(one.address));
}

/** The addresses of the candidates that are ticked. */
export function addresses(found: Found, places: string[]): EndpointAddress[] {
  return found.candidates
    .filter((one) => one.dialled && places.includes(placeOf(one.address)))
    .map((one) => one.address);
}

export interface Fact {
  fact: string;
  name: string;
  values: string[];
}

/** What is told beside addresses, each with its name and all its values. */
export function facts(found: Found): Fact[] {
  const all: Fact[] = [];
  for (const { fact, value } of found.learnt) {
    // It is said in a banner of its own.
    if (fact.startsWith('exclusive_operation')) continue;
    const known = all.find((one) => one.fact === fact);
    if (!known) all.push({ fact, name: wordFor('fact', fact), values: [value] });
    else if (!known.values.includes(value)) known.values.push(value);
  }
  return all;
}

/** The facts as text, for support. */
export const factsText = (found: Found): string =>
  facts(found)
    .map(({ name, values }) => `${name}: ${values.join(', ')}`)
    .join('\n');

/** The operation that runs and must be alone; empty where it has no name, none when there is none. */
export function exclusive(found: Found): string | undefined {
  const value = (fact: string) => found.learnt.find((one) => one.fact === fact)?.value;
  return value('exclusive_operation_running') === 'true' ? (value('exclusive_operation') ?? '') : undefined;
}

/** Whether a person should look before it is gone on with: it may be another stamp than the one that is known. */
export const wantsDecision = (relation: StampRelation): boolean =>
  relation.kind === 'redeployed' || relation.kind === 'unsure';

/** The name that the stamp has on this computer at first. */
export const firstName = (found: Found): string =>
  found.relation.kind === 'same' || found.relation.kind === 'bound' ? found.relation.name : found.stamp.name;
