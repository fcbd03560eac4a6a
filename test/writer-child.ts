// A writer in a process of its own, to be killed, stopped and continued by the test that started it.

import { connectAs } from '../broker/connect.ts';
import { ensureKeys } from '../broker/keys.ts';
import { JetStreamEmergencies } from '../bus/emergency-stream.ts';
import type { Emergency } from '../events/answers.ts';
import { startWriter } from '../writer/start.ts';

/** What the parent passes as the first argument, in JSON. */
export interface ChildOptions {
  readonly url: string;
  readonly dataDir: string;
  readonly shards: number;
  readonly maxBytesPerShard: number;
  readonly ownerName: string;
  /** Sets the clock of this process forward, ms. */
  readonly clockAheadMs?: number;
  /** Dies at the first emergency: before it is published, or after, or after but as if not. */
  readonly diesAtEmergency?: 'before' | 'after';
}

const options = JSON.parse(process.argv[2] ?? '{}') as ChildOptions;
const { clockAheadMs = 0, diesAtEmergency, ...writerOptions } = options;
if (clockAheadMs !== 0) {
  const { now } = Date;
  Date.now = () => now() + clockAheadMs;
}
const keys = ensureKeys(options.dataDir, false);

/** The durable stream, but the process dies at its first use. */
async function deadlyStream() {
  const connection = await connectAs(options.url, 'owner', keys.users.owner.seed, 'test deadly');
  const stream = await JetStreamEmergencies.open(connection);
  return {
    lastOf: (team: string) => stream.lastOf(team),
    publish: async (emergency: Emergency) => {
      if (diesAtEmergency === 'after') await stream.publish(emergency);
      process.kill(process.pid, 'SIGKILL');
      await new Promise(() => {});
    },
  };
}

try {
  const emergencies = diesAtEmergency === undefined ? undefined : await deadlyStream();
  const writer = await startWriter({
    ...writerOptions,
    keys,
    ...(emergencies === undefined ? {} : { emergencies }),
  });
  process.on('message', (question) => {
    if (question === 'status') process.send?.({ status: writer.status() });
  });
  process.once('disconnect', () => void writer.stop().finally(() => process.exit()));
  process.send?.({ started: true });
  await writer.ready();
  process.send?.({ ready: true });
} catch (error) {
  process.send?.({ error: (error as Error).message });
  process.disconnect?.();
  process.exitCode = 1;
}
