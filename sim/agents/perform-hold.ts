import type { HeldAllocation } from '../../client/allocation-work.ts';
import type { HoldJob } from '../plan/job.ts';
import type { CallEnd } from './call.ts';
import { askOf, type Use } from './perform-call.ts';

/** Thrown by work that is to fail. */
class WorkFault extends Error {}

/** Work under a lease that the client keeps, until it ends or is told to. */
export async function performHold({ client, host }: Use, job: HoldJob): Promise<CallEnd> {
  const { request, workMs, reports, actual, hasFault, isDeaf } = job;
  const work = async ({ signal, report }: HeldAllocation) => {
    const pauseMs = workMs / (reports.length + 1);
    for (const used of [...reports, undefined]) {
      await host.pause(pauseMs, isDeaf === true ? undefined : signal);
      if (isDeaf !== true) signal.throwIfAborted();
      if (used !== undefined) await report(used);
    }
    if (hasFault === true) throw new WorkFault();
    return { actual };
  };
  try {
    const options = { id: request.id };
    const done = await client.withAllocation(request.path, askOf(request), work, options);
    const { grant: granted, settled } = done;
    const isKept = settled.outcome === 'journaled';
    return { kind: 'worked', granted, settled: isKept ? 'journaled' : settled };
  } catch (error) {
    if (error instanceof WorkFault) return { kind: 'workFailed' };
    throw error;
  }
}
