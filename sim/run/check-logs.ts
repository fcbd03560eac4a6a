import type { SignedHead } from '../../events/signed-head.ts';
import { readEvent } from '../../events/upcast.ts';
import { verifyLog } from '../../events/verify.ts';
import { readWitnesses } from '../../events/witness.ts';
import type { Files } from '../../host/host.ts';
import type { SimMachine } from '../world/machine.ts';
import type { DurableLog } from './durable-log.ts';
import type { SimViolation } from './report.ts';

/** Holds the logs against their chains, signatures and witnesses, from the first message on. */
export async function checkLogs(
  logs: readonly DurableLog[],
  publicKey: Uint8Array,
  witnesses: readonly SignedHead[],
): Promise<SimViolation[]> {
  const violations: SimViolation[] = [];
  for (const { shard, messages, lastSeq, poison } of logs) {
    const source = { shard, lastSeq, messages: each(messages) };
    const { findings } = await verifyLog(source, {
      pinnedKeys: [publicKey],
      witnesses,
      parseEvent: (value) => readEvent(value),
    });
    for (const { seq, kind, detail } of findings) {
      violations.push({ rule: 'INV-11', message: `${kind}: ${detail}`, shard, seq });
    }
    for (const { seq, kind, reason } of poison) {
      violations.push({ rule: 'INV-11', message: `kept aside: ${kind}: ${reason}`, shard, seq });
    }
  }
  return violations;
}

/** What the machines of writers remember of the logs. */
export async function witnessesOn(machines: readonly SimMachine[]): Promise<SignedHead[]> {
  const found = machines.map((machine) => readWitnesses(filesOf(machine), 'witness'));
  return (await Promise.all(found)).flat();
}

async function* each<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  yield* items;
}

/** The disk of a machine as nobody's in particular. */
function filesOf(machine: SimMachine): Files {
  return {
    read: async (file) => machine.read(file),
    replace: async (file, bytes) => machine.write(file, bytes),
    remove: async (file) => machine.remove(file),
    list: async (folder) => machine.list(folder),
  };
}
