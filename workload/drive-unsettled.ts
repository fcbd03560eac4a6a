import { setTimeout as sleep } from 'node:timers/promises';
import { type BursarClient, UnavailableError } from '../client/client.ts';
import type { Amounts } from '../events/resources.ts';
import { WORKLOAD_LIMITS } from './limits.ts';

const POLL_MS = 200;

/**
 * Waits until an allocation has ended: because its settle was kept in the client's journal while
 * the broker was away, and is repeated by itself, or because its time is over.
 * @returns what was booked for it
 * @throws UnavailableError when that takes too long
 */
export async function untilEnded(
  client: BursarClient,
  allocation: string,
  pollMs: number = POLL_MS,
): Promise<{ readonly booked: Amounts }> {
  const untilMs = performance.now() + WORKLOAD_LIMITS.commandMsMax;
  for (;;) {
    const state = await client.status(allocation);
    if (state.outcome === 'ended' || state.outcome === 'settled') return state;
    if (performance.now() > untilMs) {
      throw new UnavailableError('settle', allocation, true, undefined);
    }
    await sleep(pollMs);
  }
}
