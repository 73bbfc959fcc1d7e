/** The screens, numbered as everybody names them. */
export type Screen = '0' | '1A' | '1B' | '2A' | '2B' | '2C' | '3A' | '3B' | '3C' | '3D' | '4A' | '4B' | '4C';

export interface Step {
  number: string;
  name: string;
  screens: { id: Screen; name: string }[];
}

/** The four steps with their screens. */
export const steps: Step[] = [
  { number: '1', name: 'Find', screens: [{ id: '1A', name: 'How' }, { id: '1B', name: 'Reach' }] },
  { number: '2', name: 'Connect', screens: [{ id: '2A', name: 'Sign in' }, { id: '2B', name: 'Who is it?' }, { id: '2C', name: 'Connecting' }] },
  { number: '3', name: 'Diagnose', screens: [{ id: '3A', name: 'Choose' }, { id: '3B', name: 'Review' }, { id: '3C', name: 'Running' }, { id: '3D', name: 'Result' }] },
  { number: '4', name: 'Close', screens: [{ id: '4A', name: 'Close session' }, { id: '4B', name: 'Closing' }, { id: '4C', name: 'Summary' }] },
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

/** The name of a screen for titles. */
export function nameOf(screen: Screen): string {
  for (const step of steps) for (const one of step.screens) if (one.id === screen) return one.name;
  return 'Start';
}

/** Where Back leads; nothing remote is ever undone by it. */
export function back(screen: Screen, hasSession: boolean): Screen | undefined {
  const ways: Partial<Record<Screen, Screen>> = { '1A': '0', '1B': '1A', '2A': '1B', '2B': '2A', '3B': '3A', '3D': '3A', '4A': '3A' };
  const to = ways[screen];
  // After connecting, steps 1 and 2 are behind us.
  return hasSession && to !== undefined && to < '3' ? undefined : to;
}
