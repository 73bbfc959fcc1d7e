import type { CatalogueEntry } from '../host/contract';

/** Questions in the order in which people ask them. */
const ORDER = [
  'healthy',
  'collectLogs',
  'whatStamp',
  'actionRunning',
  'updateRunning',
  'disks',
  'sendLogs',
  'sessionLocked',
  'unlock',
];

/** What makes no sense as a choice: closing has its own step, and the shell's plumbing says nothing by itself. */
const HIDDEN = new Set([
  'Close-PrivilegedEndpoint',
  'Exit-PSSession',
  'Clear-Host',
  'Out-Default',
  'Select-Object',
  'Measure-Object',
  'Get-FormatData',
]);

/** Whether a person who was asked by support runs it, not one who only looks. */
export const needsSupport = (entry: CatalogueEntry): boolean => entry.guarded || entry.group === 'Support session';

/** Questions first, in their order; then everything else by group, in the order of the catalogue. */
export function arranged(all: CatalogueEntry[], fits: (entry: CatalogueEntry) => boolean) {
  const shown = all.filter((entry) => !HIDDEN.has(entry.name) && fits(entry));
  const place = (entry: CatalogueEntry) => (ORDER.indexOf(entry.question) + ORDER.length + 1) % (ORDER.length + 1);
  const questions = shown.filter((entry) => entry.question !== '').sort((one, other) => place(one) - place(other));
  const groups = new Map<string, CatalogueEntry[]>();
  for (const entry of shown) {
    if (entry.question !== '' || entry.available === false) continue;
    groups.set(entry.group, [...(groups.get(entry.group) ?? []), entry]);
  }
  return { questions, groups: [...groups].map(([name, entries]) => ({ name, entries })) };
}
