import { blockMessageId, encodeBlock, NO_HASH } from '../events/block.ts';
import { claimShard } from '../events/claim-shard.ts';
import { decodeEpoch } from '../events/epoch.ts';
import { checkIntegrity } from '../events/integrity.ts';
import type { AppendRequest, Ledger, ShardClaim, StoredMessage } from '../events/ledger.ts';
import { createSigner, generateSigningKeyPem } from '../events/signing.ts';
import { assert, type Suite } from './harness/suite.ts';

/** One shard, fresh and empty, of the ledger under test, and the faults that it can be put to. */
export interface LedgerTrial {
  readonly shard: number;
  /** The ledger that suffers the faults. */
  readonly ledger: Ledger;
  /** The same log through another process's eyes, without faults. */
  readonly rival: Ledger;
  /** The next message sent through `ledger` is stored and its ack never comes. */
  loseNextAck(): void;
  /** The next message never arrives. */
  loseNextPublish(): void;
  /** The next message arrives late: just before the one that is sent after it. */
  holdNextPublish(): void;
  /** Messages sent from now on do not arrive and nothing can be read, until `reach` is called. */
  vanishFromNetwork(): void;
  reach(): void;
  /** Makes the message unreadable in the store. */
  damage(seq: number): Promise<void>;
  close(): Promise<void>;
}

export interface TrialOptions {
  readonly maxBytes?: number;
}

export type OpenTrial = (options?: TrialOptions) => Promise<LedgerTrial>;

const signer = createSigner(generateSigningKeyPem());
let claimsMade = 0;

/** Claims the trial's shard for a process with that name. */
export function claimAs(ledger: Ledger, shard: number, owner: string): Promise<ShardClaim> {
  claimsMade += 1;
  const nonce = `nonce-${claimsMade}`;
  return claimShard(ledger, shard, { owner, generation: 1, signer, nowMs: 1_000, nonce });
}

/** A block after `expectedSeq`; its place in the chain does not matter here. */
export function blockAfter(claim: ShardClaim, expectedSeq: number, event: unknown): AppendRequest {
  const place = {
    shard: claim.shard,
    epoch: claim.epochSeq,
    no: expectedSeq,
    prevSeq: 0,
    prevHash: NO_HASH,
    atMs: 1_000,
  };
  const { bytes } = encodeBlock(place, [event], signer);
  return { expectedSeq, msgId: blockMessageId(place), bytes };
}

/** Collects what an iterable gives; at most `countMax`, then it is left. */
export async function collect(
  messages: AsyncIterable<StoredMessage>,
  countMax = Number.POSITIVE_INFINITY,
): Promise<StoredMessage[]> {
  const all: StoredMessage[] = [];
  for await (const message of messages) {
    all.push(message);
    if (all.length >= countMax) break;
  }
  return all;
}

const seqsOf = (messages: readonly StoredMessage[]) => messages.map((message) => message.seq);

/** What every adapter of the Ledger port must do. */
export function ledgerContract(test: Suite, open: OpenTrial): void {
  for (const [name, check, options] of CASES) {
    test(name, async () => {
      const trial = await open(options);
      try {
        await check(trial);
      } finally {
        await trial.close();
      }
    });
  }
}

type Case = [name: string, check: (trial: LedgerTrial) => Promise<void>, options?: TrialOptions];

const CASES: readonly Case[] = [
  [
    'an empty log has a head, no epoch and nothing to read',
    async ({ ledger, shard }) => {
      const head = await ledger.head(shard);
      assert.is(head.lastSeq, 0);
      assert.is(head.messages, 0);
      assert.is(await ledger.lastEpoch(shard), undefined);
      assert.is(await ledger.get(shard, 1), undefined);
      assert.equal(await collect(ledger.read(shard, 1, 0)), []);
      checkIntegrity(head, []);
    },
  ],

  [
    'what was appended is read back unchanged',
    async ({ ledger, shard }) => {
      const claim = await claimAs(ledger, shard, 'a');
      assert.is(claim.epochSeq, 1);
      assert.is(claim.previousEpochSeq, 0);
      const requests = [1, 2, 3].map((seq) => blockAfter(claim, seq, { seq }));
      for (const request of requests) {
        assert.equal(await ledger.append(claim, request), {
          kind: 'stored',
          seq: request.expectedSeq + 1,
        });
      }
      const all = await collect(ledger.read(shard, 1, 4));
      assert.equal(seqsOf(all), [1, 2, 3, 4]);
      assert.equal(
        all.map((message) => message.kind),
        ['epoch', 'block', 'block', 'block'],
      );
      for (const [index, request] of requests.entries()) {
        assert.equal(Uint8Array.from(all[index + 1]?.bytes ?? []), request.bytes);
        assert.is(all[index + 1]?.msgId, request.msgId);
      }
      assert.equal(seqsOf(await collect(ledger.read(shard, 2, 3))), [2, 3]);
      assert.equal(await ledger.get(shard, 3), { ...all[2], bytes: requests[1]?.bytes });
      assert.is((await ledger.lastEpoch(shard))?.seq, 1);
      assert.is(decodeEpoch((await ledger.get(shard, 1))?.bytes ?? NO_HASH).owner, 'a');
      const head = await ledger.head(shard);
      assert.equal([head.firstSeq, head.lastSeq, head.messages, head.deleted], [1, 4, 4, 0]);
      checkIntegrity(head, [4]);
    },
  ],

  [
    'a claim takes the shard away, and what the old owner appends is refused',
    async ({ ledger, rival, shard }) => {
      const old = await claimAs(ledger, shard, 'old');
      await ledger.append(old, blockAfter(old, 1, 'from old'));
      const next = await claimAs(rival, shard, 'new');
      assert.equal([next.epochSeq, next.previousEpochSeq], [3, 1]);
      const outcome = await ledger.append(old, blockAfter(old, 2, 'too late'));
      assert.is(outcome.kind, 'fenced');
      assert.equal(outcome.kind === 'fenced' && [outcome.by.seq, outcome.by.kind], [3, 'epoch']);
      assert.is((await rival.append(next, blockAfter(next, 3, 'from new'))).kind, 'stored');
      assert.is((await rival.head(shard)).lastSeq, 4);
    },
  ],

  [
    'a zombie whose predicted sequence matches again is refused by the epoch',
    async ({ ledger, rival, shard }) => {
      const old = await claimAs(ledger, shard, 'old');
      await claimAs(rival, shard, 'new');
      // The claim took sequence 2, so the block that the old owner would pipeline after it fits.
      const outcome = await ledger.append(old, blockAfter(old, 2, 'pipelined'));
      assert.is(outcome.kind, 'fenced');
      assert.is((await rival.head(shard)).lastSeq, 2);
    },
  ],

  [
    'two claims on the same epoch: one wins, the other is told who',
    async ({ ledger, rival, shard }) => {
      await claimAs(ledger, shard, 'first');
      const epoch = (await ledger.lastEpoch(shard))?.bytes ?? NO_HASH;
      const won = await rival.claim(shard, { epoch, nonce: 'won', previousEpochSeq: 1 });
      assert.is(won.epochSeq, 2);
      await assert.rejects(
        ledger.claim(shard, { epoch, nonce: 'lost', previousEpochSeq: 1 }),
        (error) => (error as { code?: string }).code === 'claim_lost',
      );
      assert.is((await rival.head(shard)).lastSeq, 2);
    },
  ],

  [
    'a claim whose ack was lost is known by its nonce and made once',
    async (trial) => {
      trial.loseNextAck();
      const claim = await claimAs(trial.ledger, trial.shard, 'a');
      assert.is(claim.epochSeq, 1);
      assert.is((await trial.rival.head(trial.shard)).lastSeq, 1);
    },
  ],

  [
    'time-out, and the block was stored: reading back finds it, it is there once',
    async (trial) => {
      const { ledger, rival, shard } = trial;
      const claim = await claimAs(ledger, shard, 'a');
      trial.loseNextAck();
      assert.equal(await ledger.append(claim, blockAfter(claim, 1, 'x')), {
        kind: 'stored',
        seq: 2,
      });
      assert.is((await rival.head(shard)).lastSeq, 2);
    },
  ],

  [
    'time-out, and the block was not stored: it is sent again',
    async (trial) => {
      const { ledger, rival, shard } = trial;
      const claim = await claimAs(ledger, shard, 'a');
      trial.loseNextPublish();
      assert.equal(await ledger.append(claim, blockAfter(claim, 1, 'x')), {
        kind: 'stored',
        seq: 2,
      });
      assert.is((await rival.head(shard)).lastSeq, 2);
    },
  ],

  [
    'wrong last sequence after a retry is not taken for a lost shard',
    async (trial) => {
      const { ledger, rival, shard } = trial;
      const claim = await claimAs(ledger, shard, 'a');
      trial.holdNextPublish();
      assert.equal(await ledger.append(claim, blockAfter(claim, 1, 'x')), {
        kind: 'stored',
        seq: 2,
      });
      assert.is((await rival.head(shard)).lastSeq, 2);
      assert.equal(await ledger.append(claim, blockAfter(claim, 2, 'y')), {
        kind: 'stored',
        seq: 3,
      });
    },
  ],

  [
    'time-out, and somebody else took the place: fenced',
    async (trial) => {
      const { ledger, rival, shard } = trial;
      const claim = await claimAs(ledger, shard, 'a');
      trial.vanishFromNetwork();
      const appended = ledger.append(claim, blockAfter(claim, 1, 'x'));
      const next = await claimAs(rival, shard, 'b');
      trial.reach();
      const outcome = await appended;
      assert.equal(outcome.kind === 'fenced' && outcome.by.seq, next.epochSeq);
      assert.is((await rival.head(shard)).lastSeq, 2);
    },
  ],

  [
    'an outcome is unknown only when reading back failed until the deadline',
    async (trial) => {
      const { ledger, rival, shard } = trial;
      const claim = await claimAs(ledger, shard, 'a');
      trial.vanishFromNetwork();
      const outcome = await ledger.append(claim, blockAfter(claim, 1, 'x'));
      assert.is(outcome.kind, 'unknown');
      trial.reach();
      assert.is((await rival.head(shard)).lastSeq, 1);
    },
  ],

  [
    'a full log says so and stores nothing',

    async ({ ledger, rival, shard }) => {
      const claim = await claimAs(ledger, shard, 'a');
      const large = { filler: new Uint8Array(40_000).fill(7) };
      assert.is((await ledger.append(claim, blockAfter(claim, 1, large))).kind, 'stored');
      assert.equal(await ledger.append(claim, blockAfter(claim, 2, large)), { kind: 'full' });
      assert.is((await rival.head(shard)).lastSeq, 2);
    },
    { maxBytes: 64_000 },
  ],

  [
    'a second append of a shard while one is in flight breaks an invariant',
    async ({ ledger, shard }) => {
      const claim = await claimAs(ledger, shard, 'a');
      const first = ledger.append(claim, blockAfter(claim, 1, 'x'));
      await assert.rejects(
        ledger.append(claim, blockAfter(claim, 2, 'y')),
        /has an append in flight/,
      );
      assert.is((await first).kind, 'stored');
    },
  ],

  [
    'a log that ends before what was acknowledged is not written on',
    async ({ ledger, shard }) => {
      const claim = await claimAs(ledger, shard, 'a');
      await assert.rejects(
        ledger.append(claim, blockAfter(claim, 9, 'x')),
        (error) => (error as { code?: string }).code === 'log_regressed',
      );
    },
  ],

  [
    'a tail catches up, stays live and ends with its signal',
    async ({ ledger, rival, shard }) => {
      const claim = await claimAs(ledger, shard, 'a');
      await ledger.append(claim, blockAfter(claim, 1, 'before'));
      const stop = new AbortController();
      const seen: number[] = [];
      const following = (async () => {
        for await (const message of rival.tail(shard, 1, stop.signal)) {
          seen.push(message.seq);
          if (seen.length === 4) break;
        }
      })();
      await ledger.append(claim, blockAfter(claim, 2, 'x'));
      await ledger.append(claim, blockAfter(claim, 3, 'y'));
      await following;
      assert.equal(seen, [1, 2, 3, 4]);

      const idle = collect(rival.tail(shard, 5, stop.signal));
      stop.abort();
      assert.equal(await idle, []);
    },
  ],

  [
    'reading on from a place that the log does not reach is refused, not waited for',
    async ({ ledger, shard }) => {
      await claimAs(ledger, shard, 'a');
      const isRegressed = (error: unknown) => (error as { code?: string }).code === 'log_regressed';
      await assert.rejects(collect(ledger.read(shard, 1, 2)), isRegressed);
      const stop = new AbortController();
      await assert.rejects(collect(ledger.tail(shard, 3, stop.signal)), isRegressed);
    },
  ],

  [
    'reading stops at a damaged message and names it',
    async (trial) => {
      const { ledger, shard } = trial;
      const claim = await claimAs(ledger, shard, 'a');
      for (let seq = 1; seq <= 5; seq += 1) {
        await ledger.append(claim, blockAfter(claim, seq, { filler: `event-${seq + 1}` }));
      }
      await trial.damage(4);
      const seen: number[] = [];
      await assert.rejects(
        async () => {
          for await (const message of ledger.read(shard, 1, 6)) seen.push(message.seq);
        },
        (error) => (error as { seq?: number }).seq === 4,
      );
      assert.equal(seen, [1, 2, 3]);
      const stop = new AbortController();
      await assert.rejects(
        collect(ledger.tail(shard, 4, stop.signal)),
        (error) => (error as { code?: string }).code === 'log_unreadable',
      );
    },
  ],
];
