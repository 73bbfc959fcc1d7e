import type { SummaryCommand } from '../host/contract';

/** What the commands of a session add up to. Checks are those of the last health check. */
export function totals(commands: SummaryCommand[]) {
  const checked = commands.findLast((command) => command.checks > 0);
  return {
    commands: commands.length,
    changes: commands.filter((command) => command.risk === 'change' || command.risk === 'destructive').length,
    checks: checked?.checks ?? 0,
    failed: checked?.checksFailed ?? 0,
    /** Whether that health check went to its end. */
    whole: checked?.outcome === 'completed',
  };
}

/** `9c1f 04ab 77d0 … 5be2`: a hash short enough to be compared by eye. */
export function grouped(hash: string): string {
  if (hash.length <= 16) return hash;
  return `${hash.slice(0, 4)} ${hash.slice(4, 8)} ${hash.slice(8, 12)} … ${hash.slice(-4)}`;
}
