import type { Policy } from '../host/contract';
import { word } from '../words';

/** What the policy of this computer forbids or requires, in words. */
export function policyRules(policy: Policy): string[] {
  const rules: string[] = [];
  if (!policy.storePasswords) rules.push(word('policy.rule.passwords'));
  if (policy.requireHttps) rules.push(word('policy.rule.https'));
  if (policy.requireKerberos) rules.push(word('policy.rule.kerberos'));
  if (!policy.practice) rules.push(word('policy.rule.practice'));
  return rules;
}
