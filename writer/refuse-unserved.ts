import type { Logger } from 'pino';
import type { Bus, Message, Subscription } from '../bus/bus.ts';
import { refuse } from '../events/refusals.ts';
import { subjects } from '../events/subjects.ts';
import type { Host } from '../host/host.ts';
import { readMessage } from './read-message.ts';
import { sendReply } from './reply.ts';
import type { Vacancy } from './vacancy.ts';

/** How often it is seen whether another process serves the shard, ms. */
const LOOK_MS = 500;

interface Parts {
  readonly host: Host;
  readonly bus: Bus;
  readonly shard: number;
  readonly vacancy: Vacancy;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/**
 * Refuses every request to a shard with the reason for which it is not served here, as long as no
 * other process, for which the reason may not hold, serves it.
 *
 * @param forMs ends after this time, ms, or when the signal is aborted
 */
export async function refuseUnserved(parts: Parts, reason: Error, forMs: number): Promise<void> {
  const { host, vacancy, signal } = parts;
  const untilMs = host.steadyMs() + forMs;
  let subscription: Subscription | undefined;
  try {
    while (!signal.aborted && host.steadyMs() < untilMs) {
      if (await vacancy.isServed()) {
        subscription?.unsubscribe();
        subscription = undefined;
      } else {
        subscription ??= await refuseAll(parts, reason);
      }
      await host.pause(LOOK_MS, signal);
    }
  } finally {
    subscription?.unsubscribe();
  }
}

async function refuseAll({ bus, shard, log }: Parts, reason: Error): Promise<Subscription> {
  const refusal = refuse('unavailable', reason.message);
  const answer = (message: Message) => {
    try {
      const read = readMessage(message);
      if (read === undefined) return;
      sendReply(
        message,
        read,
        read.commands.map(() => refusal),
      );
    } catch (err) {
      log.error({ err, shard, subject: message.subject }, 'a message could not be refused');
    }
  };
  const subscription = bus.subscribe(subjects.shardRequests(shard), answer);
  await bus.flush().catch(() => {});
  return subscription;
}
