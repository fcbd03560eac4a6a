import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { assert, suite } from './harness/suite.ts';

const root = path.resolve(import.meta.dirname, '..');
const page = readFileSync(path.join(root, 'docs', 'capabilities.md'), 'utf8');
const rows = page
  .split('\n')
  .filter((line) => /^\| [A-Z]-\d\d \|/.test(line))
  .map((line) => {
    const [id = '', , module = '', test = ''] = line
      .split('|')
      .slice(1)
      .map((cell) => cell.trim());
    return { id, module, test };
  });
const named = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, file]) => file ?? '');

const test = suite('docs/capabilities.md');

test('every capability stands there once', () => {
  const ids = rows.map(({ id }) => id);
  assert.is(new Set(ids).size, ids.length, 'no id twice');
  assert.ok(ids.length > 80);
});

test('every module and test that it names exists, and the test names the capability', () => {
  const missing: string[] = [];
  for (const { id, module, test: cell } of rows) {
    if (module.startsWith('open') || module.startsWith('partly')) continue;
    const tests = named(cell);
    if (tests.length === 0) missing.push(`${id}: done, but no test is named`);
    for (const file of [...named(module), ...tests]) {
      if (!existsSync(path.join(root, file))) missing.push(`${id}: there is no ${file}`);
    }
    for (const file of tests) {
      const full = path.join(root, file);
      if (existsSync(full) && !readFileSync(full, 'utf8').includes(id)) {
        missing.push(`${id}: ${file} does not name it`);
      }
    }
  }
  assert.equal(missing, []);
});

test.run();
