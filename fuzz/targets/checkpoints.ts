import { decode, encode } from '../../events/codec.ts';
import { MemoryLedger } from '../../events/ledger-memory.ts';
import { signHead } from '../../events/signed-head.ts';
import { sha256 } from '../../events/signing.ts';
import {
  readWitness,
  WitnessDamagedError,
  witnessFile,
  writeWitness,
} from '../../events/witness.ts';
import { systemHost } from '../../host/system-host.ts';
import { ALL_PROJECTIONS } from '../../projections/all-projections.ts';
import { type Checkpoint, checkpointFile, readCheckpoint } from '../../projections/checkpoint.ts';
import { pack } from '../../projections/packed.ts';
import { Projector } from '../../projections/projector.ts';
import type { Chance } from '../chance.ts';
import { isSame } from '../checks/same.ts';
import { changeBytes } from '../make/change-bytes.ts';
import { changeTree } from '../make/change-tree.ts';
import { genuineLog, strangerSigner } from '../make/fixture.ts';
import { MemoryFiles } from '../make/memory-files.ts';
import { wildBytes } from '../make/wild.ts';
import { writeJson } from '../make/write-json.ts';
import { writeMsgpack } from '../make/write-msgpack.ts';
import { type FuzzInput, hold, type Target } from '../target.ts';

const DATA = 'data';
const BYTES_MAX = Number.MAX_SAFE_INTEGER;
const NAMES = ALL_PROJECTIONS.map(({ name }) => name);

/** What a log comes to, and the files that were left on the way. */
interface Genuine {
  readonly states: string;
  readonly checkpoints: ReadonlyMap<string, Uint8Array>;
  readonly witness: Uint8Array;
}

/** Files that a process of ours reads back: checkpoints of projections, witnesses of logs. */
export async function openCheckpointsTarget(): Promise<Target> {
  const genuine = await makeGenuine();
  return {
    name: 'checkpoints',
    about:
      'checkpoints and witnesses: used as they were written, or said to be unusable; a projector ' +
      'that finds damaged ones comes to the same balances as one that finds none',
    isWaiting: true,
    make: (chance: Chance) => makeInput(genuine, chance),
    check: ({ how, bytes }: FuzzInput) => {
      if (how === 'witness') return checkWitness(bytes);
      const [kind, name = ''] = how.split(' ');
      return checkCheckpoint(genuine, name, bytes, kind === 'file');
    },
  };
}

async function makeGenuine(): Promise<Genuine> {
  const files = new MemoryFiles();
  const projector = projectorOver(files);
  await projector.catchUp();
  await projector.stop();
  const checkpoints = new Map(files.content);
  const mark = { shard: 0, seq: 55, no: 53, hash: sha256(new Uint8Array()), atMs: 7 };
  await writeWitness(files, DATA, signHead(mark, strangerSigner()));
  const witness = files.content.get(witnessFile(DATA, 0)) ?? new Uint8Array();
  return { states: statesOf(projector), checkpoints, witness };
}

function projectorOver(files: MemoryFiles): Projector {
  const { messages, publicKey } = genuineLog();
  const ledger = new MemoryLedger();
  ledger.store.log(0).rewrite(messages);
  return new Projector({
    host: { ...systemHost, files },
    ledger,
    shard: 0,
    pinnedKeys: [publicKey],
    projections: ALL_PROJECTIONS,
    dataDir: DATA,
  });
}

function statesOf(projector: Projector): string {
  return JSON.stringify(ALL_PROJECTIONS.map((projection) => pack(projector.stateOf(projection))));
}

function makeInput({ checkpoints, witness }: Genuine, chance: Chance): FuzzInput {
  const name = chance.pick(NAMES);
  const bytes = checkpoints.get(checkpointFile(DATA, name, 0)) ?? new Uint8Array();
  switch (chance.upTo(4)) {
    case 0: {
      const text = new TextDecoder().decode(witness);
      const changed = new TextEncoder().encode(
        writeJson(changeTree(JSON.parse(text), chance, 1 + chance.skewed(3))),
      );
      return { how: 'witness', bytes: chance.oneIn(2) ? changed : changeBytes(witness, chance, 1) };
    }
    case 1:
      return { how: `file ${name}`, bytes: changeBytes(bytes, chance, chance.upTo(3)) };
    case 2: {
      const outer = decode(bytes, BYTES_MAX);
      return { how: `file ${name}`, bytes: wildBytes(outer, 'msgpack', chance) };
    }
    default: {
      // Whole, with a right checksum, but not what a projector writes.
      const { body, ...outer } = decode(bytes, BYTES_MAX) as { body: Uint8Array };
      const tree = changeTree(decode(body, BYTES_MAX), chance, 1 + chance.skewed(2));
      const changed = writeMsgpack(tree, chance, 50);
      const sealed = encode({ ...outer, sha256: sha256(changed), body: changed });
      return { how: `body ${name}`, bytes: sealed };
    }
  }
}

async function checkWitness(bytes: Uint8Array): Promise<void> {
  const files = new MemoryFiles();
  files.content.set(witnessFile(DATA, 0), bytes);
  try {
    const head = await readWitness(files, DATA, 0);
    hold(head !== undefined, 'a witness that is there is read');
    hold(Number.isSafeInteger(head.seq) && head.seq >= 1, 'a witness names a place');
    await writeWitness(files, DATA, { ...head, seq: head.seq + 1 });
    const again = await readWitness(files, DATA, 0);
    hold(isSame(again, { ...head, seq: head.seq + 1 }), 'a witness is read as it was written');
  } catch (error) {
    if (!(error instanceof WitnessDamagedError)) throw error;
  }
}

async function checkCheckpoint(
  genuine: Genuine,
  name: string,
  bytes: Uint8Array,
  isChecksummed: boolean,
): Promise<void> {
  const files = new MemoryFiles();
  for (const [file, whole] of genuine.checkpoints) files.content.set(file, whole);
  const file = checkpointFile(DATA, name, 0);
  files.content.set(file, bytes);
  const found = await readCheckpoint(files, DATA, name, 0);
  hold(found !== null, 'a checkpoint that is there is not overlooked');
  const isUsable = !('unusable' in found);
  if (isUsable) holdUsable(found);
  if (!isChecksummed && isUsable) return;
  if (isUsable) {
    const body = (decode(bytes, BYTES_MAX) as { body: Uint8Array }).body;
    const whole = decode(genuine.checkpoints.get(file) ?? bytes, BYTES_MAX) as { body: Uint8Array };
    hold(isSame(body, whole.body), 'a checkpoint that is used is the one that was written');
  }
  const projector = projectorOver(files);
  await projector.catchUp();
  hold(statesOf(projector) === genuine.states, 'the projector comes to the same state');
}

function holdUsable({ name, version, shard, createdAt, chain, poison, poisonCount }: Checkpoint) {
  hold(
    typeof name === 'string' && typeof createdAt === 'string',
    'a checkpoint says of what it is',
  );
  hold(
    Number.isSafeInteger(version) && Number.isSafeInteger(shard),
    'version and shard are numbers',
  );
  hold(Number.isSafeInteger(chain.seq) && chain.blockHash instanceof Uint8Array, 'it has a place');
  hold(Array.isArray(poison) && Number.isSafeInteger(poisonCount), 'it has what was kept aside');
}
