import type { RunResult } from '../host/contract';
import { word } from '../words';

/** What a run came to, in one line. */
export function headline(result: RunResult): string {
  switch (result.outcome) {
    case 'unknown':
      return word('3d.title.unknown');
    case 'stopped':
      return word('3d.title.stopped');
    case 'failed':
      return word('3d.title.failed');
  }
  const { verdicts } = result;
  const many = (which: string) => verdicts.filter((one) => one.result === which).length;
  const [failed, warned, count] = [many('fail'), many('warn'), verdicts.length];
  if (failed > 0) return word('3d.title.checks', { failed, count });
  if (warned > 0) return word('3d.title.warned', { warned, count });
  if (count > 0) return word('3d.title.passed', { count });
  return word(result.lines === 0 ? '3d.title.silent' : '3d.title.done');
}
