import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Policy } from '../events/policy.ts';
import { PRESET_NAMES } from '../policies/presets.ts';
import { readPolicy } from '../policies/read-policy.ts';
import { assert, suite } from './harness/suite.ts';
import { fieldsOf } from './policy-fields.ts';

const test = suite('docs/policies.md');

const root = path.resolve(import.meta.dirname, '..');
const page = readFileSync(path.join(root, 'docs', 'policies.md'), 'utf8');
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| `') && line.split(/(?<!\\)\|/).length === 5)
  .map((line) => {
    const [, field = '', fallback = '', meaning = ''] = line.split(/(?<!\\)\|/);
    return { field: field.trim().slice(1, -1), fallback: fallback.trim(), meaning: meaning.trim() };
  });

/** Longer defaults are told in words. */
const SHOWN_MAX = 60;

test('T-04 every field of the schema stands there with its default, and no other', () => {
  const expected = fieldsOf(Policy).map(({ path: field, fallback }) => {
    const isWord = fallback === 'absent' || fallback === 'required';
    const shown = isWord ? fallback : fallback.length > SHOWN_MAX ? 'see below' : `\`${fallback}\``;
    return `${field}: ${shown}`;
  });
  assert.ok(expected.length > 80, `${expected.length}`);
  const found = rows.map(({ field, fallback }) => `${field}: ${fallback}`);
  const missing = expected.filter((one) => !found.includes(one));
  const tooMany = found.filter((one) => !expected.includes(one));
  assert.equal({ missing, tooMany }, { missing: [], tooMany: [] });
  for (const { field, meaning } of rows) assert.ok(meaning.length > 5, field);
});

test('T-04 its examples are policies without a problem', () => {
  const examples = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) => text ?? '');
  assert.ok(examples.length >= 6);
  for (const text of examples) assert.equal(readPolicy(text, 'acme').problems, [], text);
});

test('T-04 it names every preset', () => {
  for (const preset of PRESET_NAMES) assert.ok(page.includes(`| \`${preset}\` |`), preset);
});

test.run();
