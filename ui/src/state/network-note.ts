import type { EndpointAddress, ProbeUpdate } from '../host/contract';
import { faultWords, utcTime, word } from '../words';
import { stages } from './probe';

/** A note for the network team: when, which addresses answered what, how far each came, and what is needed. */
export function networkNote(
  addresses: EndpointAddress[],
  probe: (one: EndpointAddress) => ProbeUpdate | undefined,
  nowMs: number,
): string {
  const lines = addresses.flatMap((one) => {
    const found = probe(one);
    const place = `${one.host}:${one.port}`;
    if (found?.usable) return [word('networkNote.answers', { label: one.label, place })];
    if (!found?.fault) return [word('networkNote.unknown', { label: one.label, place })];
    const { title, likely } = faultWords(found.fault);
    const passed = stages.filter((stage) => found.stages.some((one) => one.stage === stage && one.state === 'done'));
    const failed = found.stages.find((one) => one.state === 'failed');
    const last = passed.at(-1);
    return [
      word('networkNote.failed', { label: one.label, place, title, code: found.fault.code }),
      failed ? word('networkNote.stage', { stage: word(`stage.probe.${failed.stage}`) }) : '',
      last ? word('networkNote.passed', { stage: word(`stage.probe.${last}`) }) : '',
      word('networkNote.likely', { likely }),
      ...found.fault.detail.map((line) => word('networkNote.detail', { line })),
    ].filter((line) => line !== '');
  });
  const ports = [...new Set(addresses.map((one) => String(one.port)))];
  const head = word('networkNote.head', { moment: utcTime(nowMs) });
  return [head, ...lines, word('networkNote.need', { ports: ports.join(', ') })].join('\n');
}
