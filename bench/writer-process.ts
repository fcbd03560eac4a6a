import { ensureKeys } from '../broker/keys.ts';
import { serveParent } from '../host/child.ts';
import type { RunningWriter } from '../writer/run-shards.ts';
import { startWriter } from '../writer/start.ts';
import { ownCpuMs } from './slice.ts';

/** The writer of the bench, alone in its process. */
let writer: RunningWriter | undefined;

export interface WriterParams {
  readonly url: string;
  readonly dataDir: string;
  readonly shards: number;
  readonly maxBytesPerShard: number;
}

serveParent(
  {
    async start({ url, dataDir, shards, maxBytesPerShard }: WriterParams) {
      const keys = ensureKeys(dataDir, false);
      writer = await startWriter({ url, keys, dataDir, shards, maxBytesPerShard });
      await writer.ready();
    },
    cpuMs: ownCpuMs,
    /** Blocks stored so far. */
    blocks: () => writer?.status().reduce((sum, { seq }) => sum + seq, 0),
  },
  async () => writer?.stop(),
);
