/** The screens, numbered as everybody names them. */
export type Screen = '0' | '1A' | '1B' | '2A' | '2B' | '2C' | '3A' | '3B' | '3C' | '3D' | '4A' | '4B' | '4C';

export type StepName = 'find' | 'connect' | 'diagnose' | 'close';

export interface Step {
  number: string;
  name: StepName;
  screens: Exclude<Screen, '0'>[];
}

/** The four steps with their screens. */
export const steps: Step[] = [
  { number: '1', name: 'find', screens: ['1A', '1B'] },
  { number: '2', name: 'connect', screens: ['2A', '2B', '2C'] },
  { number: '3', name: 'diagnose', screens: ['3A', '3B', '3C', '3D'] },
  { number: '4', name: 'close', screens: ['4A', '4B', '4C'] },
];

export type Mark = 'done' | 'here' | 'next' | 'later';

/** How a step stands when this screen is shown. */
export function mark(step: Step, screen: Screen): Mark {
  const here = screen === '0' ? 0 : Number(screen[0]);
  const number = Number(step.number);
  if (number < here) return 'done';
  if (number === here) return 'here';
  return number === here + 1 ? 'next' : 'later';
}

/** Where Back leads; nothing remote is ever undone by it. */
export function back(screen: Screen, hasSession: boolean): Screen | undefined {
  const ways: Partial<Record<Screen, Screen>> = {
    '1A': '0',
    '1B': '1A',
    '2A': '1B',
    '2B': '1B',
    '3B': '3A',
    '3D': '3A',
    '4A': '3A',
  };
  const to = ways[screen];
  // After connecting, steps 1 and 2 are behind us.
  return hasSession && to !== undefined && to < '3' ? undefined : to;
}
