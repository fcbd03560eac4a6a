import fc from 'fast-check';
import { AmountError } from '../workload/errors.ts';
import { addAmount, microFromUsd, microFromUsdText, usdText } from '../workload/money.ts';
import { assert, suite } from './harness/suite.ts';

const test = suite('workload money');

const refuses = (run: () => unknown, code: string) =>
  assert.throws(run, (error: unknown) => error instanceof AmountError && error.code === code);

test('R-01 decimal USD become microcredits exactly, where doubles would be off', () => {
  assert.is(microFromUsd(0.01696), 16_960);
  assert.is(microFromUsd(0.00773), 7_730);
  // 0.000123 * 1e6 is 123.00000000000001 as doubles: a naive ceil would charge one too many.
  assert.is(Math.ceil(0.000123 * 1e6), 124);
  assert.is(microFromUsd(0.000123), 123);
  assert.is(microFromUsd(4.35), 4_350_000);
});

test('R-01 a fraction of a microcredit is rounded up, never to nothing', () => {
  assert.is(microFromUsdText('0.0000001'), 1);
  assert.is(microFromUsdText('1e-7'), 1);
  assert.is(microFromUsdText('1e-300'), 1);
  assert.is(microFromUsdText('0.0000015'), 2);
  assert.is(microFromUsdText('0'), 0);
  assert.is(microFromUsdText('.5'), 500_000);
});

test('R-01 any amount of at most 15 digits survives text, JSON number and back', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 999_999_999_999_999 }), (micro) => {
      const text = `${Math.floor(micro / 1e6)}.${String(micro % 1e6).padStart(6, '0')}`;
      assert.is(microFromUsd(JSON.parse(text)), micro);
      assert.is(microFromUsdText(text), micro);
    }),
  );
});

test('amounts out of range, below zero or not decimal are typed refusals', () => {
  refuses(() => microFromUsdText('9007199255'), 'amount_out_of_range');
  refuses(() => microFromUsdText('1e999'), 'amount_out_of_range');
  refuses(() => microFromUsd(-1), 'negative_amount');
  for (const text of ['', '$1', '1,000', '0x10', 'NaN', 'Infinity', '1e9999', '1'.repeat(65)]) {
    refuses(() => microFromUsdText(text), 'not_a_decimal');
  }
  assert.is(microFromUsdText('9007199254.740991'), Number.MAX_SAFE_INTEGER);
  refuses(() => addAmount(Number.MAX_SAFE_INTEGER, 1), 'amount_out_of_range');
  assert.is(addAmount(Number.MAX_SAFE_INTEGER - 1, 1), Number.MAX_SAFE_INTEGER);
});

test('money for people shows a cheap call as something', () => {
  assert.is(usdText(0), '$0.00');
  assert.is(usdText(7), '$0.000007');
  assert.is(usdText(16_960), '$0.0170');
  assert.is(usdText(1_363_990), '$1.36');
  assert.is(usdText(693_721_000), '$693.72');
  assert.is(usdText(1_234_567_890_000), '$1,234,567.89');
  assert.is(usdText(-2_000_000), '-$2.00');
});

test.run();
