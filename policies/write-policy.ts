import { stringify } from 'yaml';
import { DEFAULT_POLICY, type Policy } from '../events/policy.ts';
import type { PolicyFields } from './presets.ts';
import { POLICY_FORMAT } from './read-policy.ts';

/** What stands above the fields. */
export interface PolicyHeading {
  readonly team?: string | undefined;
  readonly comment?: string | undefined;
  /** Lines of comment for people, on top. */
  readonly notes?: readonly string[];
}

/**
 * A policy as a file that `readPolicy` reads back to the same. Fields with their default are left
 * out unless all are asked for.
 */
export function policyText(policy: Policy, heading: PolicyHeading = {}, all = false): string {
  const fields = Object.entries(policy).filter(
    ([field, value]) => all || !isDefault(field as keyof Policy, value),
  );
  return fieldsText(Object.fromEntries(fields), heading);
}

/** Fields as they are, as a file. */
export function fieldsText(fields: PolicyFields, heading: PolicyHeading = {}): string {
  const { team, comment, notes = [] } = heading;
  const header = {
    bursar: POLICY_FORMAT,
    ...(team === undefined ? {} : { team }),
    ...(comment === undefined ? {} : { comment }),
  };
  const lines = notes.map((line) => `# ${line}\n`).join('');
  return (
    lines + stringify({ ...header, ...fields }, { lineWidth: 100, aliasDuplicateObjects: false })
  );
}

function isDefault(field: keyof Policy, value: unknown): boolean {
  return JSON.stringify(value) === JSON.stringify(DEFAULT_POLICY[field]);
}
