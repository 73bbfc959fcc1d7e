import { expect, it } from 'vitest';
import { compareNames, identityText } from '../../src/state/identity';
import { changedQuestion } from '../gallery/fixtures';

it('shows the full names where only they differ', () => {
  const before = { computer: 'VM', domain: 'WORKSTATION', dnsComputer: 'vm.contoso.local', since: 1 };
  const question = { ...changedQuestion, before, now: { ...before, dnsComputer: 'vm.evil.example', since: null } };
  const differing = compareNames(question, '10.0.0.1').filter((row) => row.same === false);
  expect(differing).toEqual([{ name: 'dns', now: 'vm.evil.example', other: 'vm.contoso.local', same: false }]);
  expect(identityText(question, '10.0.0.1')).toContain('vm.contoso.local -> vm.evil.example');
  const same = { ...question, now: { ...before, dnsComputer: 'VM.contoso.local' } };
  expect(compareNames(same, '10.0.0.1').some((row) => row.name === 'dns')).toBe(false);
});
