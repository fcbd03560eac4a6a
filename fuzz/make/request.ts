import { OPS } from '../../events/commands.ts';
import { LIMITS } from '../../events/limits.ts';
import type { Chance } from '../chance.ts';
import { batchSample, commandSample } from './samples.ts';
import { type Form, wildBytes } from './wild.ts';

const OP_LIST = [...OPS];
const OTHER_OPS = ['', 'x', 'transfer', 'constructor', '__proto__', 'toString', 'BALANCE'];

/** A request message: the op in its subject, the form that its header names, its body. */
export interface WildRequest {
  readonly op: string;
  readonly form: Form;
  readonly bytes: Uint8Array;
}

/** A request as anybody with credentials could send it. */
export function wildRequest(chance: Chance): WildRequest {
  const form: Form = chance.oneIn(3) ? 'json' : 'msgpack';
  if (chance.oneIn(4)) {
    const batch = batchSample(chance);
    // Batches in batches, and commands that leave their op out.
    if (chance.oneIn(6)) batch.commands.push(batchSample(chance));
    return { op: 'batch', form, bytes: sized(wildBytes(batch, form, chance), form, chance) };
  }
  const command = commandSample(chance);
  const op = chance.oneIn(12) ? chance.pick([...OP_LIST, ...OTHER_OPS]) : command.op;
  const { op: _op, ...rest } = command;
  const body = chance.oneIn(4) ? rest : command;
  return { op, form, bytes: sized(wildBytes(body, form, chance), form, chance) };
}

/** Now and then a message of 64 KiB, or a byte more or less. */
function sized(bytes: Uint8Array, form: Form, chance: Chance): Uint8Array {
  if (!chance.oneIn(200)) return bytes;
  const size = LIMITS.requestBytesMax + chance.pick([-1, 0, 1]);
  const filled = new Uint8Array(size).fill(form === 'json' ? 0x20 : 0xc0);
  filled.set(bytes.subarray(0, size));
  // In msgpack a list of as many nulls as fit, so that it is a whole value.
  if (form === 'msgpack' && chance.oneIn(2)) {
    filled.fill(0xc0);
    filled.set([0xdc, (size - 3) >> 8, (size - 3) & 0xff]);
  }
  return filled;
}
