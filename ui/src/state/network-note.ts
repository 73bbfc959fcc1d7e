import type { EndpointAddress, ProbeUpdate, StampProfile } from '../host/contract';
import { faultWords, word } from '../words';

/** A note for the network team: which addresses answered what, and what is needed. */
export function networkNote(
  stamp: StampProfile | undefined,
  probe: (one: EndpointAddress) => ProbeUpdate | undefined,
): string {
  const lines = (stamp?.addresses ?? []).map((one) => {
    const found = probe(one);
    const place = `${one.host}:${one.port}`;
    if (found?.usable) return word('networkNote.answers', { label: one.label, place });
    if (!found?.fault) return word('networkNote.unknown', { label: one.label, place });
    const title = faultWords(found.fault).title;
    return word('networkNote.failed', { label: one.label, place, title, code: found.fault.code });
  });
  return [word('networkNote.head'), ...lines, word('networkNote.need')].join('\n');
}
