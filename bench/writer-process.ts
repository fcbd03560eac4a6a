import { InvariantWatch } from '../actors/checks/invariants.ts';
import { ensureKeys } from '../broker/keys.ts';
import { serveParent } from '../host/child.ts';
import { ShardAudit } from '../writer/audit.ts';
import type { RunningWriter } from '../writer/run-shards.ts';
import { startWriter } from '../writer/start.ts';
import { ownCpuMs } from './slice.ts';

/** The writer of the bench, alone in its process. */
let writer: RunningWriter | undefined;

/** Which invariants are looked at. The product has no such choice; here they are cut out. */
export type Checks = 'all' | 'watch' | 'none';

export interface WriterParams {
  readonly url: string;
  readonly dataDir: string;
  readonly shards: number;
  readonly maxBytesPerShard: number;
  readonly checks: Checks;
}

serveParent(
  {
    async start({ url, dataDir, shards, maxBytesPerShard, checks }: WriterParams) {
      cutOut(checks);
      const keys = ensureKeys(dataDir, false);
      writer = await startWriter({ url, keys, dataDir, shards, maxBytesPerShard });
      await writer.ready();
    },
    cpuMs: ownCpuMs,
    auditBehind: () => writer?.status().reduce((sum, { audit }) => sum + (audit?.behind ?? 0), 0),
    /** Blocks stored so far. */
    blocks: () => writer?.status().reduce((sum, { seq }) => sum + seq, 0),
  },
  async () => writer?.stop(),
);

function cutOut(checks: Checks): void {
  const nothing = () => {};
  if (checks !== 'all') Object.assign(ShardAudit.prototype, { start: nothing });
  if (checks !== 'none') return;
  const none = { before: nothing, after: nothing, asked: nothing, decided: nothing };
  Object.assign(InvariantWatch.prototype, none);
}
