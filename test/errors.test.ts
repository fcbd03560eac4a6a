import { readFileSync } from 'node:fs';
import path from 'node:path';
import { adviceOnDenial, DENIALS } from '../events/denials.ts';
import { DenialReason } from '../events/reasons.ts';
import { RefusalCode } from '../events/refusal-code.ts';
import { REFUSALS } from '../events/refusals.ts';
import { assert, suite } from './harness/suite.ts';

const test = suite('errors');

const root = path.resolve(import.meta.dirname, '..');
const page = readFileSync(path.join(root, 'docs', 'errors.md'), 'utf8');
/** Rows of the page that begin with a code, with their number of columns. */
const rows = page.split('\n').filter((line) => line.startsWith('| `'));
const rowsOf = (columns: number) => rows.filter((line) => line.split('|').length === columns + 2);

test('I-05 docs/errors.md has each refusal as the table has it, and no other', () => {
  const expected = RefusalCode.options.map((code) => {
    const { class: errorClass, severity, retryable, advice } = REFUSALS[code];
    return `| \`${code}\` | ${errorClass} | ${severity} | ${retryable ? 'yes' : 'no'} | ${advice} |`;
  });
  assert.equal([...rowsOf(5)].sort(), expected.sort());
});

test('I-05 docs/errors.md has each denial as the table has it, and no other', () => {
  const expected = DenialReason.options.map((reason) => {
    const { class: errorClass, severity, advice } = DENIALS[reason];
    return `| \`${reason}\` | ${errorClass} | ${severity} | ${advice} |`;
  });
  assert.equal([...rowsOf(4)].sort(), expected.sort());
});

test('I-05 docs/errors.md has each code of the client', () => {
  const source = readFileSync(path.join(root, 'client', 'errors.ts'), 'utf8');
  const codes = [...source.matchAll(/code: '([a-z_]+)'/g)].map(([, code]) => code ?? '');
  const listed = rowsOf(3).map((line) => line.split('`')[1] ?? '');
  assert.ok(codes.length > 10);
  const missing = codes.filter((code) => !listed.includes(code));
  assert.equal(missing, []);
});

test('I-05 every refusal and denial says who has to act and what to do, in a sentence', () => {
  for (const [code, { advice }] of [...Object.entries(REFUSALS), ...Object.entries(DENIALS)]) {
    assert.match(advice, /^[A-Z].{8,}\.$/, code);
  }
});

test('I-05 the advice fits the case: when to come back, and what is over', () => {
  assert.match(adviceOnDenial({ reason: 'queue_full', retryAfterMs: 70 }), /Try in 70 ms\.$/);
  const short = [{ path: 'acme', resource: 'credits', needed: 2, available: 1 }];
  assert.match(adviceOnDenial({ reason: 'reservation_short', short }), /comes back/);
  assert.match(adviceOnDenial({ reason: 'reservation_short' }), /without reservationId/);
});

test.run();
