// A writer in a process of its own, to be killed, stopped and continued by the test that started it.

import { connectAs } from '../broker/connect.ts';
import { ensureKeys } from '../broker/keys.ts';
import { JetStreamEmergencies } from '../bus/emergency-stream.ts';
import type { Emergency } from '../events/answers.ts';
import { startWriter } from '../writer/start.ts';

/** What the parent passes as the first argument, in JSON; or `later`, in its first message. */
export interface ChildOptions {
  readonly url: string;
  readonly dataDir: string;
  readonly shards: number;
  readonly maxBytesPerShard: number;
  readonly ownerName: string;
  /** Sets the clock of this process forward, ms. */
  readonly clockAheadMs?: number;
  /** Dies by kill -9 at an emergency: before it is published, or after, but as if not. */
  readonly diesAtEmergency?: 'before' | 'after';
  /** How many it publishes before that one; none by default. */
  readonly publishesFirst?: number;
}

const [, , argument = 'later'] = process.argv;
const options: ChildOptions =
  argument === 'later'
    ? await new Promise((resolve) => process.once('message', resolve))
    : JSON.parse(argument);
const { clockAheadMs = 0, diesAtEmergency, publishesFirst = 0, ...writerOptions } = options;
if (clockAheadMs !== 0) {
  const { now } = Date;
  Date.now = () => now() + clockAheadMs;
}
const keys = ensureKeys(options.dataDir, false);

/** The durable stream, but the process dies at one of its uses. */
async function deadlyStream() {
  const connection = await connectAs(options.url, 'owner', keys.users.owner.seed, 'test deadly');
  const stream = await JetStreamEmergencies.open(connection);
  let publishedCount = 0;
  return {
    lastOf: (team: string) => stream.lastOf(team),
    publish: async (emergency: Emergency) => {
      if (publishedCount < publishesFirst) {
        await stream.publish(emergency);
        publishedCount += 1;
        return;
      }
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
