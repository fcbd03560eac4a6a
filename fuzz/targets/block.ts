import { decodeBlock } from '../../events/block.ts';
import { decode, encode } from '../../events/codec.ts';
import { sealEnvelope } from '../../events/envelope.ts';
import { decodeEpoch } from '../../events/epoch.ts';
import type { StoredMessage } from '../../events/ledger.ts';
import { LIMITS } from '../../events/limits.ts';
import { LogFormatError } from '../../events/log-format-error.ts';
import { MalformedBytesError } from '../../events/msgpack-shape.ts';
import { SignatureDomain, toHex } from '../../events/signing.ts';
import { readEvent, UnreadableEventError } from '../../events/upcast.ts';
import { LogSweep } from '../../projections/log-sweep.ts';
import type { Chance } from '../chance.ts';
import { holdAmounts, holdFinite } from '../checks/amounts.ts';
import { isSame } from '../checks/same.ts';
import { changeBytes } from '../make/change-bytes.ts';
import { changeTree } from '../make/change-tree.ts';
import { genuineLog, strangerSigner } from '../make/fixture.ts';
import { eventSample } from '../make/samples.ts';
import { wildBytes } from '../make/wild.ts';
import { writeMsgpack } from '../make/write-msgpack.ts';
import { type FuzzInput, hold, type Target } from '../target.ts';

const stranger = strangerSigner();

/** Messages of the log and the events in them. */
export const blockTarget: Target = {
  name: 'block',
  about:
    'blocks, epochs and events as they are read from the log: read, or refused by the errors of ' +
    'their format; an event has amounts that are safe integers and is the same when read again; a ' +
    'message that is not word for word the owner’s changes nothing, wherever in the log it stands',
  make: (chance: Chance) => {
    if (chance.oneIn(2)) {
      return { how: 'event', bytes: wildBytes(eventSample(chance), 'msgpack', chance) };
    }
    const { messages } = genuineLog();
    const at = chance.upTo(messages.length - 1);
    const kind = (chance.oneIn(8) ? chance.pick(messages) : (messages[at] as StoredMessage)).kind;
    return { how: `${kind} ${at}`, bytes: wildMessage(at, kind, chance) };
  },
  check: ({ how, bytes }: FuzzInput) => {
    const [kind, at] = how.split(' ');
    if (kind === 'event') checkEvent(bytes);
    else checkMessage(kind as StoredMessage['kind'], Number(at), bytes);
  },
};

/** A message for the place `at`: a genuine one changed, moved, or sealed anew by a stranger. */
function wildMessage(at: number, kind: StoredMessage['kind'], chance: Chance): Uint8Array {
  const { messages } = genuineLog();
  const genuine = messages[at] as StoredMessage;
  const outer = decode(genuine.bytes, LIMITS.blockBytesMax) as {
    body: Uint8Array;
    sig: Uint8Array;
  };
  switch (chance.upTo(5)) {
    case 0:
      return changeBytes(genuine.bytes, chance, 1);
    case 1:
      return chance.pick(messages).bytes;
    case 2:
      return wildBytes(outer, 'msgpack', chance);
    case 3:
      return encode({ ...outer, body: changeBytes(outer.body, chance, 1) });
    default: {
      const body = decode(outer.body, LIMITS.blockBytesMax);
      const times = chance.oneIn(4) ? 0 : 1 + chance.skewed(3);
      const changed = writeMsgpack(changeTree(body, chance, times), chance, 40);
      if (chance.oneIn(2)) return encode({ ...outer, body: changed });
      return sealEnvelope(SignatureDomain[kind], changed, stranger).bytes;
    }
  }
}

function checkEvent(bytes: Uint8Array): void {
  let value: unknown;
  try {
    value = decode(bytes, LIMITS.blockBytesMax);
  } catch (error) {
    if (error instanceof MalformedBytesError) return;
    throw error;
  }
  try {
    const event = readEvent(value);
    holdAmounts(event);
    holdFinite(event);
    const again = readEvent(decode(encode(event), LIMITS.blockBytesMax));
    hold(isSame(again, event), 'an event is the same when it is stored and read again');
  } catch (error) {
    if (!(error instanceof UnreadableEventError)) throw error;
  }
}

function checkMessage(kind: StoredMessage['kind'], at: number, bytes: Uint8Array): void {
  const { messages, before, publicKey } = genuineLog();
  const genuine = messages[at] as StoredMessage;
  const word = wordOf(kind, bytes);
  const position = before[at];
  if (position === undefined) throw new Error(`the log has no place ${at}`);
  const swept = new LogSweep(0, [publicKey], position).take({ ...genuine, kind, bytes });
  hold(swept !== undefined, 'a message at its place is looked at');
  hold(swept.chain.seq === genuine.seq, 'the place moves by one message');
  const genuineAt = word === undefined ? undefined : placeOf(word);
  if (genuineAt === at) {
    hold(swept.poison.length === 0, 'the owner’s word at its place is in order');
  } else if (genuineAt === undefined) {
    hold(swept.poison.length > 0, 'what is not the owner’s word is reported');
    hold(swept.recorded.length === 0, 'what is not the owner’s word records nothing');
    hold(isSame({ ...swept.chain, seq: 0 }, { ...position, seq: 0 }), 'and changes nothing');
  } else if (genuineAt < at) {
    // An old claim sent again counts as a claim; see events/chain.ts.
    hold(swept.recorded.length === 0, 'the owner’s word sent again records nothing');
    hold(swept.chain.blockSeq === position.blockSeq, 'the owner’s word sent again is no block');
  }
}

let places: Map<string, number> | undefined;

/** Where in the genuine log a message that says this stands. */
function placeOf(word: string): number | undefined {
  places ??= new Map(
    genuineLog().messages.map(({ kind, bytes }, at) => [wordOf(kind, bytes) ?? '', at]),
  );
  return places.get(word);
}

/** What a message says and by whose hand; undefined where it has no such form. */
function wordOf(kind: StoredMessage['kind'], bytes: Uint8Array): string | undefined {
  try {
    const { hash, sig } =
      kind === 'epoch' ? decodeEpoch(bytes) : decodeBlock(bytes, (value) => value);
    return `${kind} ${toHex(hash)} ${toHex(sig)}`;
  } catch (error) {
    if (error instanceof LogFormatError) return undefined;
    throw error;
  }
}
