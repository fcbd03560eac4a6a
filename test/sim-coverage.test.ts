import type { Answer } from '../events/answers.ts';
import type { BursarEvent } from '../events/events.ts';
import { RefusalCode } from '../events/refusal-code.ts';
import { CELLS, cell } from '../sim/coverage/cells.ts';
import { cellsOf, type SeenExchange } from '../sim/coverage/coverage.ts';
import { coverageText, reportCoverage } from '../sim/coverage/coverage-report.ts';
import { LEFT_OUT } from '../sim/coverage/left-out.ts';
import { makePlan } from '../sim/plan/make-plan.ts';
import { assert, suite } from './harness/suite.ts';

const test = suite('sim: coverage');

const PLAN = { ...makePlan(0), faults: [], faultsEndAtMs: 9_000 };
const header = { v: 1, team: 'acme', atMs: 1 } as const;

const OPENED: BursarEvent = {
  ...header,
  type: 'AllocationGranted',
  id: 'r1',
  by: 'ann',
  ask: { path: 'acme/s/r/a', items: { credits: { amount: 5 } } },
  items: { credits: 5 },
  opened: [{ path: 'acme/s/r/a', tier: 'step' }],
  priority: 100,
  expiresAtMs: 10,
  via: 'request',
  rule: 'fits',
};
const GRANTED: Answer = {
  outcome: 'granted',
  id: 'r1',
  path: 'acme/s/r/a',
  granted: { credits: 5 },
  expiresInMs: 9,
  rule: 'fits',
};
const REQUEST: SeenExchange = {
  team: 'acme',
  op: 'request',
  sentAtMs: 500,
  command: { op: 'request', id: 'r1', path: 'acme/s/r/a', items: { credits: { amount: 5 } } },
  answers: [{ answer: GRANTED, repliedAtMs: 501 }],
};

function shown(parts: Partial<Parameters<typeof cellsOf>[0]>) {
  return cellsOf({ plan: PLAN, beganAtMs: 0, events: [], exchanges: [], calls: [], ...parts });
}

test('the table lists each situation once, and says what it leaves out', () => {
  assert.is(new Set(CELLS).size, CELLS.length);
  assert.ok(CELLS.length >= 700 && CELLS.length <= 1_200, `${CELLS.length}`);
  for (const one of CELLS) assert.match(one, /^[a-z]+ \| [^|]+ \| [^|]+$/);
  for (const [what, why] of Object.entries(LEFT_OUT)) assert.ok(why.length > 20, what);
});

test('every code of a refusal is listed or left out with its reason', () => {
  const out = Object.keys(LEFT_OUT).join(' ');
  for (const code of RefusalCode.options) {
    const isListed = CELLS.some(
      (one) => one.includes(`refused ${code}`) || one.includes(`: ${code}`),
    );
    assert.ok(isListed || out.includes(code), code);
  }
});

test('a command counts with its answer, its class and its tier', () => {
  assert.equal(shown({ events: [OPENED], exchanges: [REQUEST] }), [
    cell('answer', 'request', 'granted'),
    cell('class', 'request granted', 'consumable'),
    cell('event', 'AllocationGranted', 'via request'),
    cell('tier', 'request granted', 'auto step'),
  ]);
});

test('what follows a grant counts for the class that was granted', () => {
  const expired: BursarEvent = {
    ...header,
    type: 'AllocationEnded',
    allocation: 'r1',
    as: 'expired',
    booked: { credits: 2 },
    estimated: true,
  };
  const cells = shown({ events: [OPENED, expired] });
  assert.ok(cells.includes(cell('class', 'expired', 'consumable')));
  assert.ok(cells.includes(cell('event', 'AllocationEnded', 'expired with a report')));
});

test('a fault counts for what was answered while it was in force, and for nothing else', () => {
  const fault = { no: 0, kind: 'pauseWriter', writer: 0, atMs: 400, forMs: 200 } as const;
  const plan = { ...PLAN, faults: [fault] };
  const within = cell('fault', 'pauseWriter', 'asking');
  assert.ok(shown({ plan, exchanges: [REQUEST] }).includes(within));
  assert.not(shown({ plan, beganAtMs: 700, exchanges: [REQUEST] }).includes(within));
});

test('a caller who sees an error counts, and one who waits does not', () => {
  const call = {
    job: 1,
    agent: 'ann',
    team: 'acme',
    way: 'client' as const,
    command: undefined,
    op: 'settle',
    sentAtMs: 1,
    endedAtMs: undefined,
    end: undefined,
  };
  const error = { kind: 'error', code: 'unavailable', mayHaveHappened: true } as const;
  assert.equal(shown({ calls: [call] }), []);
  assert.equal(shown({ calls: [{ ...call, end: error }] }), [
    cell('caller', 'unavailable, nobody knows', 'any'),
  ]);
});

test('the report counts what is listed and names what is missing', () => {
  const [first = '', second = ''] = CELLS;
  const report = reportCoverage(new Set([first, 'class | nobody has listed | this']));
  assert.is(report.reached, 1);
  assert.is(report.listed, CELLS.length);
  assert.is(report.missing.length, CELLS.length - 1);
  assert.not(report.missing.includes(first));
  assert.is(report.missing[0], second);
  assert.match(coverageText(report), /^1 of \d+ situations/);
  const [, row = '', where = ''] = second.split(' | ');
  assert.match(coverageText(report), new RegExp(`not: ${row}: ${where}`));
});

test.run();
