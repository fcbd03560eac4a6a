import { commandIds } from '../client/command-ids.ts';
import { CommandId } from '../events/names.ts';
import { systemHost } from '../host/system-host.ts';
import { assert, suite } from './harness/suite.ts';

const test = suite('client: ids of commands');

test('INV-7 ids are valid, unique, and never look like an option of a command line', () => {
  const seen = new Set<string>();
  for (let maker = 0; maker < 2_000; maker += 1) {
    const next = commandIds(systemHost);
    for (const id of [next(), next()]) {
      assert.ok(CommandId.safeParse(id).success, id);
      assert.not.match(id, /^-/);
      seen.add(id);
    }
  }
  assert.is(seen.size, 4_000);
});

test.run();
