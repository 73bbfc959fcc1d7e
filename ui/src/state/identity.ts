import type { IdentityQuestion } from '../host/contract';

/** A line of the comparison. `same` is nothing where there is nothing to compare with. */
export interface Compared {
  name: 'computer' | 'domain' | 'dns' | 'address' | 'key';
  now: string;
  other: string;
  same: boolean | null;
}

/** What the endpoint says beside what was known: the trusted names where there are any, else the stamp's data. */
export function compareNames(question: IdentityQuestion, address: string): Compared[] {
  const { now, before, expectedDomain } = question;
  const rows = compareCertificate(question);
  const alike = (left: string, right: string) => left.toLowerCase() === right.toLowerCase();
  if (before)
    return [
      { name: 'computer', now: now.computer, other: before.computer, same: alike(now.computer, before.computer) },
      { name: 'domain', now: now.domain, other: before.domain, same: alike(now.domain, before.domain) },
      // It may be the only name that is another one.
      ...(alike(now.dnsComputer, before.dnsComputer)
        ? []
        : [{ name: 'dns' as const, now: now.dnsComputer, other: before.dnsComputer, same: false }]),
      { name: 'address', now: address, other: address, same: true },
      ...rows,
    ];
  return [
    { name: 'computer', now: now.computer, other: '', same: null },
    { name: 'domain', now: now.domain, other: expectedDomain, same: question.domainFits },
    { name: 'address', now: address, other: address, same: true },
    ...rows,
  ];
}

/** The key of an endpoint with TLS. Where this computer trusts its signer and no key was trusted before, there is nothing to compare. */
function compareCertificate({ changed, certificate }: IdentityQuestion): Compared[] {
  if (!certificate) return [];
  const { key, keyBefore, vouched } = certificate;
  const same = keyBefore ? key === keyBefore : changed && !vouched ? false : null;
  return keyBefore || !vouched ? [{ name: 'key', now: key, other: keyBefore ?? '', same }] : [];
}

/** Both identities as text, to be sent to whoever must look at them. */
export const identityText = (question: IdentityQuestion, address: string): string =>
  compareNames(question, address)
    .map((row) => `${row.name}: ${row.other} -> ${row.now}`)
    .join('\n');
