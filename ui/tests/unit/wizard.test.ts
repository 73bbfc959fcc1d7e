import { describe, expect, it } from 'vitest';
import { rail } from '../../src/state/rail';
import { standing } from '../../src/state/stages';
import { back, mark, steps } from '../../src/state/wizard';
import { word } from '../../src/words';

describe('the wizard', () => {
  it('marks steps before, here, next and later', () => {
    expect(steps.map((step) => mark(step, '2B'))).toEqual(['done', 'here', 'next', 'later']);
    expect(steps.map((step) => mark(step, '0'))).toEqual(['next', 'later', 'later', 'later']);
  });
  it('never leads back over the connection', () => {
    expect(back('1B', false)).toBe('1A');
    expect(back('2A', true)).toBeUndefined();
    expect(back('3B', true)).toBe('3A');
  });
  it('numbers and names every screen', () => {
    for (const step of steps)
      for (const screen of step.screens) {
        expect(screen.startsWith(step.number)).toBe(true);
        expect(word(`screen.${screen}`)).toContain(`${screen} ${word(`sub.${screen}`)}`);
      }
  });
  it('says in the rail why a step is not yet', () => {
    const shown = rail('1A', undefined, undefined);
    expect(shown.map((step) => step.how)).toEqual(['here', 'next', 'later', 'later']);
    expect(shown.map((step) => step.why !== '')).toEqual([false, false, true, true]);
    expect(shown[0]?.screens.find((one) => one.here)?.id).toBe('1A');
  });
});

describe('stages', () => {
  const names = ['a', 'b', 'c'];
  it('stand as they were told, the first one at once', () => {
    expect(standing(names, [], false).map((one) => one.state)).toEqual(['running', 'waiting', 'waiting']);
    const told = [
      { stage: 'a', state: 'done' as const, ms: 5 },
      { stage: 'b', state: 'running' as const, ms: 0 },
    ];
    expect(standing(names, told, false).map((one) => one.state)).toEqual(['done', 'running', 'waiting']);
    expect(standing(names, told, false)[0]?.ms).toBe(5);
  });
  it('fail where they were', () => {
    const told = [{ stage: 'a', state: 'done' as const, ms: 5 }];
    expect(standing(names, told, true).map((one) => one.state)).toEqual(['done', 'failed', 'waiting']);
    expect(standing(names, [], true).map((one) => one.state)).toEqual(['failed', 'waiting', 'waiting']);
  });
});
