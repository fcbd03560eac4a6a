import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { lineAt, scanSource } from './harness/layers/scan.ts';
import { assert, suite } from './harness/suite.ts';

const ROOT = path.resolve(import.meta.dirname, '..', 'conformance');

/** What an adapter leaves to the product: whoever sorts, sums or compares decides. */
const DECIDING: readonly [what: string, pattern: RegExp][] = [
  ['sorts', /\.\s*(?:sort|toSorted)\s*\(/g],
  ['adds up', /\.\s*reduce(?:Right)?\s*\(|[-+*/%]=(?!=)/g],
  ['calculates', /(?<![.\w$])Math\b/g],
  ['calculates', /[\w)\]]\s[-+*/%]\s[\w(]/g],
  // The number of names in a list is no amount.
  ['compares', /(?<!\.length)(?<=[\w)\]])\s(?:[<>]=?)\s(?=[\w(])/g],
];

/** Files that may, each with its reason. */
const EXCEPT: Readonly<Record<string, string>> = {
  'budget/scenario-time.ts': 'times and their units, never amounts',
  'budget/timeline.ts': 'times: what happens first is played first',
  'budget/tier-paths.ts': 'places of names in a list',
  'budget/orders.ts': 'places in a list of parallel operations',
  'budget/own-spends.ts': 'a spend with and without that of the tiers beneath, in the setup',
  'budget/expect.ts': 'compares how many ended how with what is expected',
  'scheduling/compared-keys.ts': 'compares what was said with what is expected',
  'scheduling/scale.ts': 'the constant factor that makes fractions whole',
};

/** What a source would decide itself, each as `path:line what`. */
function decidedBy(file: string, text: string): string[] {
  if (Object.hasOwn(EXCEPT, file)) return [];
  const { code } = scanSource(text);
  return DECIDING.flatMap(([what, pattern]) =>
    [...code.matchAll(pattern)].map(({ index, 0: found }) => {
      return `${file}:${lineAt(code, index)} ${what}: ${found.trim()}`;
    }),
  );
}

const test = suite('conformance: the adapter only translates');

for (const folder of ['budget', 'scheduling']) {
  test(`Z-04 ${folder}/ never sorts, compares amounts or adds`, () => {
    const files = readdirSync(path.join(ROOT, folder)).filter((file) => file.endsWith('.ts'));
    assert.ok(files.length > 5);
    const found = files.flatMap((file) =>
      decidedBy(`${folder}/${file}`, readFileSync(path.join(ROOT, folder, file), 'utf8')),
    );
    assert.is(found.join('\n'), '');
  });
}

test('every exception is a file, and needed', () => {
  for (const file of Object.keys(EXCEPT)) {
    const text = readFileSync(path.join(ROOT, file), 'utf8');
    assert.ok(decidedBy(`${file} `, text).length > 0, `${file} needs none`);
  }
});

test('what would decide is found', () => {
  const found = (line: string) => decidedBy('budget/a.ts', line).length > 0;
  for (const line of [
    'const first = [...requests].sort((a, b) => a - b);',
    'const all = amounts.reduce((sum, one) => sum, 0);',
    'total += amount;',
    'left -= amount;',
    'const most = Math.max(held, spent);',
    'const left = limit - held;',
    'if (amount > limit) deny();',
    'if (held(a) <= limit) grant();',
  ]) {
    assert.ok(found(line), line);
  }
  for (const line of [
    'const named = (tiers: readonly string[]): Map<string, number> => new Map();',
    'if (others.length > 0) throw new Error(`a - b < c`);',
    'const less = -shortBy;',
    "const text = 'a - b < c';",
    'const types: Record<string, A | B> = {};',
  ]) {
    assert.not(found(line), line);
  }
});
test.run();
