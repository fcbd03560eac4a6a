import { Screen, type ScreenStream } from '../cli/screen.ts';
import { treeText } from '../cli/tree-text.ts';
import { newTreeView } from '../cli/tree-view.ts';
import { amountOf, durationMs, namedAmount, nodePath, showAmount } from '../cli/values.ts';
import type { BalanceTree } from '../projections/balance-lines.ts';
import { assert, suite } from './harness/suite.ts';

const test = suite('cli: what is shown and how values are written');

const ESCAPE = '\u001b';

/** A stream that keeps what is written to it. */
function stream(isTTY: boolean): ScreenStream & { text: string } {
  const kept = {
    text: '',
    isTTY,
    columns: 100,
    rows: 12,
    write: (part: string) => {
      kept.text += part;
    },
  };
  return kept;
}

function screenOn(isTTY: boolean, more: { isJson?: boolean; env?: NodeJS.ProcessEnv } = {}) {
  const stdout = stream(isTTY);
  const stderr = stream(isTTY);
  const screen = new Screen({ isJson: more.isJson ?? false, stdout, stderr, env: more.env ?? {} });
  return { screen, stdout, stderr };
}

test('colours on a terminal alone; none with NO_COLOR, TERM=dumb or JSON', () => {
  const isColoured = ({ screen }: ReturnType<typeof screenOn>) =>
    screen.paint.red('x').includes(ESCAPE);
  assert.is(isColoured(screenOn(true)), true);
  assert.is(isColoured(screenOn(false)), false);
  assert.is(isColoured(screenOn(true, { env: { NO_COLOR: '1' } })), false);
  assert.is(isColoured(screenOn(true, { env: { NO_COLOR: '' } })), true);
  assert.is(isColoured(screenOn(true, { env: { TERM: 'dumb' } })), false);
  assert.is(isColoured(screenOn(true, { isJson: true })), false);
});

test('progress is one line on stderr of a terminal, and gone before anything else is said', () => {
  const { screen, stdout, stderr } = screenOn(true);
  screen.progress(() => 'half');
  assert.is(stderr.text, `\r${ESCAPE}[Khalf`);
  screen.say('done');
  assert.is(stderr.text, `\r${ESCAPE}[Khalf\r${ESCAPE}[K`);
  assert.is(stdout.text, 'done\n');
  for (const silent of [screenOn(false), screenOn(true, { isJson: true })]) {
    silent.screen.progress(() => 'half');
    assert.is(silent.stderr.text + silent.stdout.text, '');
  }
});

test('with JSON stdout holds the document and nothing else is said', () => {
  const { screen, stdout, stderr } = screenOn(false, { isJson: true });
  screen.say('words');
  screen.aside('more words');
  screen.result({ ok: true }, () => 'fine');
  assert.is(stdout.text, '{"ok":true}\n');
  assert.is(stderr.text, '');
});

const line = (path: string, limit: number | null, spent: number, held: number) => ({
  resource: 'credits',
  unit: 'microcredits',
  class: 'consumable',
  limit,
  effectiveLimit: limit,
  guarantee: 0,
  lend: 0,
  lent: 0,
  borrowed: 0,
  booked: 0,
  held: 0,
  spent: 0,
  heldTree: held,
  spentTree: spent,
  earmarked: 0,
  committed: spent + held,
  available: null,
  effectiveAvailable: null,
  short: path.endsWith('over'),
  peakHeld: held,
});

function node(
  path: string,
  limit: number | null,
  spent: number,
  held: number,
  children: BalanceTree[] = [],
) {
  const tier = (['team', 'swarm', 'run'] as const)[path.split('/').length - 1] ?? 'step';
  const tree: BalanceTree = {
    path,
    tier,
    phase: 'open',
    frozen: false,
    freezes: [],
    stops: [],
    liveAllocations: held > 0 ? 1 : 0,
    deadlineAtMs: null,
    reservations: [],
    lines: [line(path, limit, spent, held)],
    children,
  };
  return tree;
}

const MICRO = 1_000_000;
const small = node('acme', 10 * MICRO, 5 * MICRO, MICRO, [
  node('acme/less', MICRO, 100_000, 0),
  node('acme/over', MICRO, 1_200_000, 0),
  node('acme/more', 4 * MICRO, 3_700_000, MICRO),
]);
const plain = screenOn(false).screen.paint;

test('the tree shows the most used first, with bars, shares and what is short', () => {
  const settings = { resource: 'credits', depth: 2, linesMax: 20, columns: 100 };
  const lines = treeText(small, settings, plain).split('\n');
  assert.is(
    lines[0],
    'acme    ██████████▒▒········  $5.00 spent + $1.00 held of $10.00  60.0 %  1 live',
  );
  assert.match(
    lines[1] ?? '',
    /^ {2}more {2}█{19}▒ {2}\$3\.70 spent \+ \$1\.00 held of \$4\.00 {2}117\.5 %/,
  );
  assert.match(
    lines[2] ?? '',
    /^ {2}over {2}█{20} {2}\$1\.20 spent of \$1\.00 {2}120\.0 % {2}short/,
  );
  assert.match(lines[3] ?? '', /^ {2}less {2}██·{18} {2}\$0\.1000 spent/);
});

test('a tree that does not fit loses its deepest level first, and says how much', () => {
  const many = Array.from({ length: 30 }, (_, i) => node(`acme/s/r${i}`, null, i, 0));
  const tree = node('acme', null, 1, 0, [node('acme/s', null, 1, 0, many)]);
  const text = treeText(tree, { resource: 'credits', depth: 3, linesMax: 10, columns: 80 }, plain);
  assert.equal(
    text.split('\n').map((one) => one.trim().split(' ')[0]),
    ['acme', 's', '…'],
  );
  assert.match(text, /30 more/);
});

test('watch draws in place on a terminal and gives the screen back; elsewhere a line a change', () => {
  const settings = { resource: 'credits', depth: 2 };
  const drawn = screenOn(true);
  const view = newTreeView(drawn.screen, settings);
  view.show(small, 'acme');
  view.show(small, 'acme');
  view.end(small, 'acme');
  assert.ok(drawn.stdout.text.startsWith(`${ESCAPE}[?1049h${ESCAPE}[?25l`));
  assert.is(drawn.stdout.text.split(`${ESCAPE}[?1049h`).length, 2, 'switched once');
  assert.ok(drawn.stdout.text.includes(`${ESCAPE}[?25h${ESCAPE}[?1049l`), 'and back');
  const lines = screenOn(false);
  const listed = newTreeView(lines.screen, settings);
  listed.show(small, 'acme');
  const before = lines.stdout.text;
  assert.is(before.trim().split('\n').length, 4);
  listed.show(small, 'acme');
  assert.is(lines.stdout.text, before, 'nothing has changed');
  listed.show({ ...small, children: small.children.slice(1) }, 'acme');
  assert.match(lines.stdout.text.slice(before.length), /^acme\/less {2}closed\n$/);
});

test('amounts are written in the unit that people use', () => {
  assert.is(amountOf('credits', '0.05', '--credits'), 50_000);
  assert.is(amountOf('credits', '$1.000001', '--credits'), 1_000_001);
  assert.is(amountOf('memory', '1.5GiB', '--item'), 1.5 * 2 ** 30);
  assert.is(amountOf('memory', '512', '--item'), 512);
  assert.is(amountOf('compute_ms', '2m', '--item'), 120_000);
  assert.is(amountOf('compute_ms', '250', '--item'), 250);
  assert.equal(namedAmount('tool.web=3', '--item'), ['tool.web', 3]);
  assert.throws(() => amountOf('tool_calls', '1.5', '--item'), /no whole number/);
  assert.throws(() => amountOf('memory', '1 lot', '--item'), /no amount of memory/);
  assert.is(showAmount('credits', 50_000), '$0.0500');
  assert.is(showAmount('memory', 1.5 * 2 ** 30), '1.5 GiB');
  assert.is(showAmount('tool_calls', 12_345), '12,345');
});

test('durations need a unit, paths need names', () => {
  assert.equal(
    ['500ms', '1.5s', '10m', '2h', '1d'].map((text) => durationMs(text, '--ttl')),
    [500, 1_500, 600_000, 7_200_000, 86_400_000],
  );
  for (const bad of ['5', '', '-1s', '1 fortnight', 's']) {
    assert.throws(() => durationMs(bad, '--ttl'), /is no duration/);
  }
  assert.is(nodePath('acme/lab'), 'acme/lab');
  for (const bad of ['', '/acme', 'acme/', 'a b', 'acme/ü']) {
    assert.throws(() => nodePath(bad), /is no path/);
  }
});

test.run();
