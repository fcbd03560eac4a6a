import type { Watch } from '../actors/checks/invariants.ts';
import { BlockBuilder, NO_HASH } from '../events/block.ts';
import { decode, encode } from '../events/codec.ts';
import type { Command } from '../events/commands.ts';
import type { BursarEvent } from '../events/events.ts';
import { createSigner, generateSigningKeyPem } from '../events/signing.ts';
import type { ParsedCommand } from '../writer/parse-command.ts';
import { parseCommand } from '../writer/parse-command.ts';
import { Desk } from './desk.ts';
import { ownCpuMs } from './slice.ts';

/** Decisions a second of one thread, without NATS. A pair is two decisions. */
export interface InProcess {
  /** Decide and evolve only. */
  readonly governPerSecond: number;
  /** From the bytes of a command to a signed block of a hundred decisions. */
  readonly bytesToBlockPerSecond: number;
}

const TEAM = 'acme';
const AGENT = 'bench';
const LIMIT_MICRO = 1_000_000_000_000_000;
const LEASE_MS = 30_000;
const PAIRS_A_BLOCK = 50;
const COMMAND_BYTES_MAX = 64 * 1024;
/** Pairs between two looks at the clock. */
const PAIRS_A_LOOK = 500;

/** Runs each figure for `seconds`, after a tenth of that to warm up. */
export function measureInProcess(seconds: number): InProcess {
  return {
    governPerSecond: Math.round(rateOf(pairsGoverned(), seconds).perSecond),
    bytesToBlockPerSecond: Math.round(rateOf(pairsFromBytesToBlock(), seconds).perSecond),
  };
}

/** Decisions a second of the clock, and of CPU time of this process. */
export interface Rate {
  readonly perSecond: number;
  readonly perCpuSecond: number;
}

/** The same paths with another watch than the product has: what the watch costs. */
export const PATHS = { govern: pairsGoverned, bytesToBlock: pairsFromBytesToBlock } as const;

/** Runs pairs for `seconds`, after a tenth of that to warm up. */
export function rateOf(pair: (no: number) => void, seconds: number): Rate {
  let no = 0;
  const runFor = (ms: number): Rate => {
    const startMs = performance.now();
    const startCpuMs = ownCpuMs();
    const first = no;
    while (performance.now() < startMs + ms) {
      for (const endNo = no + PAIRS_A_LOOK; no < endNo; no += 1) pair(no);
    }
    const decisions = (no - first) * 2 * 1000;
    return {
      perSecond: decisions / (performance.now() - startMs),
      perCpuSecond: decisions / (ownCpuMs() - startCpuMs),
    };
  };
  runFor(seconds * 100);
  return runFor(seconds * 1000);
}

function pairsGoverned(watch?: Watch): (no: number) => void {
  const desk = openDesk(() => {}, watch);
  return (no) => {
    desk.govern(requestOf(no), AGENT, no);
    desk.govern(settleOf(no), AGENT, no);
    if (no % PAIRS_A_BLOCK === 0) desk.endBlock();
  };
}

function pairsFromBytesToBlock(watch?: Watch): (no: number) => void {
  const signer = createSigner(generateSigningKeyPem());
  let block = new BlockBuilder();
  let blockNo = 1;
  const desk = openDesk((event) => block.add([event]), watch);
  const take = (command: Command) => {
    const raw = decode(encode(command), COMMAND_BYTES_MAX);
    const parsed = parseCommand(raw, command.op, TEAM, AGENT) as ParsedCommand;
    desk.govern(parsed.command, AGENT, parsed.digest);
  };
  return (no) => {
    take(requestOf(no));
    take(settleOf(no));
    if (no % PAIRS_A_BLOCK !== 0) return;
    const place = { shard: 0, epoch: 1, no: blockNo, prevSeq: blockNo, prevHash: NO_HASH };
    block.seal({ ...place, atMs: desk.atMs }, signer);
    block = new BlockBuilder();
    blockNo += 1;
    desk.endBlock();
  };
}

/** A team of four tiers, each with a limit that is never reached. */
function openDesk(onEvent: (event: BursarEvent) => void, watch?: Watch): Desk {
  const desk = new Desk(TEAM, onEvent, watch);
  const limits = { credits: { limit: LIMIT_MICRO } };
  desk.govern({ op: 'open', path: TEAM, limits }, 'operator', 0);
  desk.govern({ op: 'enrol', agent: AGENT, role: 'agent', prefix: TEAM }, 'operator', 0);
  desk.govern({ op: 'open', path: `${TEAM}/s`, limits }, 'operator', 0);
  desk.govern({ op: 'open', path: `${TEAM}/s/r`, tier: 'run', limits }, 'operator', 0);
  desk.govern({ op: 'open', path: `${TEAM}/s/r/p`, tier: 'step', limits }, 'operator', 0);
  return desk;
}

function requestOf(no: number): Command {
  const items = { credits: { amount: 5_000 } };
  return { op: 'request', id: `q${no}`, path: `${TEAM}/s/r/p`, items, ttlMs: LEASE_MS };
}

function settleOf(no: number): Command {
  return { op: 'settle', id: `s${no}`, allocation: `q${no}`, actual: { credits: 4_000 } };
}
