import type { BursarClient } from '../../client/client.ts';
import { UnavailableError } from '../../client/errors.ts';
import type { AskInput } from '../../client/inputs.ts';
import type { Answer } from '../../events/answers.ts';
import type { Host } from '../../host/host.ts';
import type { PlannedCommand, PlannedCommandOf } from '../plan/job.ts';
import type { CallEnd } from './call.ts';

/** Tries again with the same id after this, ms, at most so often: then the log is gone for good. */
const AGAIN_MS = 500;
const TRIES_MAX = 60;

/** How a client is used. */
export interface Use {
  readonly client: BursarClient;
  /** Settles need not be waited for: they are kept. */
  readonly isJournaled: boolean;
  readonly host: Host;
}

/** Sends one command the way that is made for it. Does not wait for what is queued. */
export async function performCommand(use: Use, command: PlannedCommand): Promise<CallEnd> {
  const { client, isJournaled } = use;
  const options = { id: command.id, ...(isJournaled ? { journal: true as const } : {}) };
  switch (command.op) {
    case 'settle':
      return endingOf(await client.settle(command.allocation, command.actual, options));
    case 'release':
      return endingOf(await client.release(command.allocation, options));
    default:
      return { kind: 'answer', answer: await client.send(command) };
  }
}

/** The same until there is an answer. */
export async function performPersistently(
  host: Host,
  call: () => Promise<CallEnd>,
): Promise<CallEnd> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof UnavailableError) || tries >= TRIES_MAX) throw error;
    }
    await host.pause(AGAIN_MS);
  }
}

/** What is asked for, as the client takes it. */
export function askOf(request: PlannedCommandOf<'request'>): AskInput {
  const { op: _op, id: _id, path: _path, v: _v, dryRun: _dryRun, ...ask } = request;
  return ask;
}

function endingOf(ended: Answer | { readonly outcome: 'journaled' }): CallEnd {
  return ended.outcome === 'journaled' ? { kind: 'journaled' } : { kind: 'answer', answer: ended };
}
