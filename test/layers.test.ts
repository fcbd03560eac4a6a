// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the samples are source text
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkFile } from './harness/layers/check.ts';
import { ROOMS, roomOf } from './harness/layers/rooms.ts';
import { scanSource } from './harness/layers/scan.ts';
import { assert, suite } from './harness/suite.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const NO_SOURCES = new Set(['node_modules', 'coverage', 'report']);

/** Each source would break the rule that the pattern names. */
const BROKEN: [path: string, source: string, violation: RegExp][] = [
  ['actors/a.ts', "import { connect } from 'nats';", /:1 the package nats has no place/],
  ['actors/a.ts', "import type { Msg } from 'nats/lib/x.js';", /the package nats has no place/],
  ['actors/a.ts', "import { z } from 'zod';", /the package zod has no place/],
  [
    'actors/a.ts',
    "import {\n  one,\n  two,\n} from '../writer/host.ts';",
    /:4 may not import writer/,
  ],
  ['actors/a.ts', "export * from '../projections/balances.ts';", /may not import projections/],
  ['actors/a.ts', "await import('../writer/host.ts');", /may not import writer/],
  ['actors/a.ts', 'await import(`../writer/host.ts`);', /may not import writer/],
  ['actors/a.ts', 'await import(`../${room}/host.ts`);', /computed path/],
  ['actors/a.ts', "import fs = require('node:fs');", /pure code imports node:fs/],
  ['actors/a.ts', "import '../events/codec.ts';", /events\/codec\.ts, which is format/],
  ['actors/a.ts', "type T = import('../events/ledger-jetstream.ts').T;", /which is shell/],
  ['actors/a.ts', "import { x } from './b';", /without its extension/],
  ['actors/a.ts', "import { x } from '../loose.ts';", /lies in no room/],
  ['actors/a.ts', 'const now = Date.now();', /pure code touches a clock: Date\.now/],
  ['actors/a.ts', 'const now = new Date();', /a clock/],
  ['actors/a.ts', 'const now = new Date;', /a clock/],
  ['actors/a.ts', 'const now = Date();', /a clock/],
  ['actors/a.ts', 'performance.now();', /a clock/],
  ['actors/a.ts', 'Math.random();', /randomness/],
  ['actors/a.ts', 'crypto.randomUUID();', /randomness/],
  ['actors/a.ts', 'setTimeout(f, 1);', /a timer/],
  ['actors/a.ts', 'if (process.env.X) f();', /the process/],
  ['actors/a.ts', "console.log('x');", /the console/],
  ['actors/a.ts', "globalThis['process'];", /the global object/],
  ['actors/a.ts', 'names.sort((a, b) => a.localeCompare(b));', /the locale/],
  ['actors/a.ts', 'const text = `now ${`${Date.now()}`} then`;', /a clock/],
  ['actors/a.ts', 'const quote = /[\'"/]/; Date.now();', /a clock/],
  ['events/commands.ts', "import { readFileSync } from 'node:fs';", /pure code imports node:fs/],
  ['events/commands.ts', "import { decide } from '../actors/team.ts';", /may not import actors/],
  ['events/codec.ts', 'Date.now();', /format code touches a clock/],
  [
    'events/chain.ts',
    "import { encode } from '@msgpack/msgpack';",
    /the package @msgpack\/msgpack/,
  ],
  ['projections/balances.ts', "import './projector.ts';", /projector\.ts, which is shell/],
  ['projections/projector.ts', "import { connect } from 'nats';", /the package nats/],
  ['client/client.ts', "import { setup } from 'xstate';", /the package xstate/],
  ['writer/host.ts', "import { suite } from '../test/harness/suite.ts';", /may not import test/],
  ['test/a.test.ts', "import { suite } from 'uvu';", /the package uvu/],
  ['writer/host.ts', 'export default 1;', /default export/],
  ['writer/host.ts', 'export { host as default };', /default export/],
  ['writer/string-utils.ts', '', /a name that says nothing/],
  ['writer/common/a.ts', '', /a name that says nothing/],
  ['writer/host.ts', 'x;\n'.repeat(401), /401 lines, of 400/],
  ['writer/host.ts', `// TO${'DO'} later`, /work left for later/],
  ['attic/a.ts', '', /lies in no room/],
  ['loose.ts', '', /lies in no room/],
];

const ALLOWED: [path: string, source: string][] = [
  ['actors/a.ts', "import assert from 'node:assert/strict';\nimport { setup } from 'xstate';"],
  ['actors/a.ts', "import type { Command } from '../events/commands.ts';"],
  ['actors/a.ts', "// import { connect } from 'nats'; Date.now()\n/* console.log() */"],
  ['actors/a.ts', "const text = \"import 'nats'\"; const more = 'Date.now()';"],
  ['actors/a.ts', "const text = `import 'nats' Date.now() ${a} console`;"],
  ['actors/a.ts', 'const pattern = /Date.now\\/[/"\'`]/; const half = a / b / c;'],
  ['actors/a.ts', 'const at = new Date(now); step.process(); x.console; Date.UTC(1, 2);'],
  ['actors/a.ts', 'const list = Array.from("nats");'],
  ['events/signing.ts', "import { sign } from 'node:crypto';"],
  ['events/ledger-jetstream.ts', "import { connect } from 'nats';\nsetTimeout(f, 1);"],
  ['cli/bin.js', "#!/usr/bin/env node\nimport { run } from './main.ts';"],
  ['cli/main.ts', 'await import(path);'],
  ['writer/host.ts', 'x;\n'.repeat(400)],
];

const check = suite('layers: the check');

for (const [path, source, violation] of BROKEN) {
  check(`${path} is refused: ${source.split('\n')[0]} ${violation}`, () => {
    const found = checkFile(path, source);
    assert.is(found.length > 0, true, 'nothing was found');
    assert.match(found.join('\n'), violation);
  });
}

for (const [path, source] of ALLOWED) {
  check(`${path} is fine: ${source.split('\n')[0]}`, () => {
    assert.equal(checkFile(path, source), []);
  });
}

check('a scan keeps the lines and blanks what is no code', () => {
  const { code, imports } = scanSource("a; /* \n */ import 'x';\n`\n${b}`;");
  assert.is(code, "a;    \n    import ' ';\n`\n${b}`;");
  assert.equal(imports, [{ specifier: 'x', line: 2 }]);
});
check.run();

const tree = suite('layers: the tree');

tree('Z-05 rooms form no circle', () => {
  const reach = (room: string, seen: string[]): void => {
    assert.not(seen.includes(room), `${[...seen, room].join(' → ')}`);
    for (const next of ROOMS[room]?.rooms ?? []) reach(next, [...seen, room]);
  };
  for (const room of Object.keys(ROOMS)) reach(room, []);
});

const files = readdirSync(ROOT, { withFileTypes: true })
  .filter((entry) => !entry.name.startsWith('.') && !NO_SOURCES.has(entry.name))
  .flatMap((entry) => (entry.isDirectory() ? sourcesIn(entry.name) : [entry.name]))
  .filter((path) => /\.[cm]?[jt]s$/.test(path));

for (const room of new Set(files.map(roomOf))) {
  tree(`Z-04 ${room || 'the root'}/ keeps to its row`, () => {
    const own = files.filter((path) => roomOf(path) === room);
    const found = own.flatMap((path) => checkFile(path, readFileSync(join(ROOT, path), 'utf8')));
    assert.is(found.join('\n'), '');
  });
}

tree('no import that a plain look at the lines finds escapes the scan', () => {
  const plain = /^(?:(?:import|export) .*|\}) from '([^']+)';$|^import '([^']+)';$/gm;
  // Tests hold source text in strings, where the plain look finds what is none.
  const product = files.filter((path) => roomOf(path) !== 'test');
  assert.ok(product.length > 0);
  for (const path of product) {
    const text = readFileSync(join(ROOT, path), 'utf8');
    const seen = scanSource(text).imports.map(({ specifier }) => specifier);
    const expected = [...text.matchAll(plain)].map(([, from, bare]) => from ?? bare);
    assert.equal(
      expected.filter((specifier) => !seen.includes(specifier ?? null)),
      [],
      path,
    );
  }
});
tree.run();

function sourcesIn(folder: string): string[] {
  const paths = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' });
  return paths.map((path) => `${folder}/${path.replaceAll('\\', '/')}`);
}
