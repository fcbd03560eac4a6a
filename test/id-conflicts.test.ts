import type { AnswerOf } from '../events/answers.ts';
import { assert, suite } from './harness/suite.ts';
import { type Caller, type Sent, WriterRig } from './writer-rig.ts';

const test = suite('id conflicts');
const rig = new WriterRig();
let operator: Caller;

const path = 'acme/lab';
const reserve = { op: 'reserve', id: 'nightly', path, items: { credits: 10 }, forMs: 60_000 };
const divide = { op: 'distribute', id: 'may', path, amounts: { credits: 20 }, method: 'fair' };
const adjust = { op: 'adjust', id: 'a-1', allocation: 'used', actual: { credits: 1 } };

test.before(async () => {
  await rig.start();
  operator = await rig.caller();
  const limits = { credits: { limit: 1_000 } };
  await operator.expect('opened', { op: 'open', path: 'acme', limits });
  await operator.expect('opened', { op: 'open', path });
  await operator.expect('opened', { op: 'open', path: 'acme/lab/run' });
  await operator.expect('reserved', reserve);
  await operator.expect('distributed', divide);
  const items = { credits: { amount: 5 } };
  await operator.expect('granted', { op: 'request', id: 'used', path: 'acme/lab/run', items });
  await operator.expect('settled', { op: 'settle', id: 's-1', allocation: 'used', actual: {} });
  await operator.expect('adjusted', adjust);
});
test.after(() => rig.close());

async function refused(command: Sent): Promise<AnswerOf<'refused'>> {
  const refusal = await operator.expect('refused', command);
  assert.is(refusal.code, 'id_conflict');
  return refusal;
}

test('§6.3 a conflict names the field that differs, or none where the record does not tell', async () => {
  const conflicts: [Sent, string, string][] = [
    [{ ...reserve, forMs: 30_000 }, 'forMs', 'nightly was used for other content; forMs differs'],
    [{ ...reserve, forMs: 1, startInMs: 9 }, 'content', 'nightly was used for other content'],
    [{ ...divide, amounts: { credits: 10 } }, 'content', 'may was used for other content'],
    [
      { ...adjust, actual: { credits: 2 } },
      'actual',
      'a-1 was used for other content; actual differs',
    ],
    [
      { op: 'charge', id: 'may', path: 'acme', amounts: { credits: 1 } },
      'op',
      'may was used for other content; op differs',
    ],
  ];
  for (const [command, field, message] of conflicts) {
    const refusal = await refused(command);
    assert.equal([refusal.field, refusal.message], [field, message]);
  }
});

test('§6.2 an allocation that is settled twice says so, and not that the new id was used', async () => {
  const again = { op: 'settle', id: 's-2', allocation: 'used', actual: { credits: 5 } };
  assert.is(
    (await refused(again)).message,
    'used was settled before with other content; actual differs: correct it by adjust',
  );
  const same = await refused({ ...again, id: 's-1' });
  assert.match(same.message, /^s-1 was used for other content/);
});

test.run();
