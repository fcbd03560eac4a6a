import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

import { assert, suite } from '../harness/suite.ts';

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, '..', '..');

const test = suite('the example of docs/resolver.md');

test('I-01 I-02 prints what the page shows', async () => {
  const page = readFileSync(path.join(root, 'docs', 'resolver.md'), 'utf8');
  const program = path.join('docs', 'examples', 'resolve.ts');
  const { stdout } = await run(process.execPath, ['--import', 'tsx', program], { cwd: root });
  const [, shown] = /```\n(concurrency[^`]*)```/.exec(page) ?? [];
  assert.is(stdout, shown);
});

test('the page names files that exist, and every strategy', () => {
  const page = readFileSync(path.join(root, 'docs', 'resolver.md'), 'utf8');
  const [, table = ''] = page.split('## The functions');
  const files = [...table.matchAll(/^\| ((?:`[a-z-]+`,? ?)+)\|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([a-z-]+)`/g)].map(([, name = '']) => name),
  );
  assert.ok(files.length > 30);
  for (const name of files) {
    assert.ok(readFileSync(path.join(root, 'resolver', `${name}.ts`), 'utf8'), name);
  }
});

test.run();
