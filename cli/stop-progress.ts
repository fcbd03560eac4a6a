import type { BursarClient } from '../client/client.ts';
import { RefusedError } from '../client/errors.ts';
import type { AnswerOf } from '../events/answers.ts';
import type { CommandInput } from '../events/commands.ts';
import { teamOf } from '../events/names.ts';
import type { StopView } from '../events/stop-view.ts';
import { countOf, durationText } from '../workload/number-text.ts';
import { answerText } from './answer-text.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { withGovernor } from './reach.ts';
import type { Colours, Screen } from './screen.ts';
import type { Session } from './session.ts';

type StopTerms = Omit<Extract<CommandInput, { op: 'stop' }>, 'op' | 'path'>;

/** Between two looks at how far a stop has come, ms. */
const LOOK_MS = 100;

/**
 * Stops a node and shows how far that has come until all stands still: who has acknowledged, what
 * has ended and what was fenced. In JSON a line whenever that changes.
 */
export async function stopAndWait(
  session: Session,
  path: string,
  terms: StopTerms,
): Promise<ExitCode> {
  const { screen, signal } = session;
  return withGovernor(session, teamOf(path), async (client) => {
    const sentAtMs = performance.now();
    const stopped = await client.stop(path, terms);
    screen.line(stopped, () => answerText(stopped, screen.paint));
    let shown = '';
    while (!signal.aborted) {
      const view = await viewOf(client, stopped);
      if (view === undefined) {
        screen.line({ stop: stopped.stop, inForce: false }, () => 'it is in force no longer');
        return EXIT.failed;
      }
      const { ackInMs, ...content } = view;
      const tookMs = performance.now() - sentAtMs;
      if (view.complete) {
        const result = { ...content, tookMs: Math.round(tookMs) };
        screen.line(result, () => resultText(path, view, tookMs, screen.paint));
        return EXIT.ok;
      }
      shown = showProgress(screen, view, shown);
      await new Promise((resolve) =>
        setTimeout(resolve, ackInMs > 0 ? Math.min(LOOK_MS, ackInMs + 1) : LOOK_MS),
      );
    }
    screen.line({ stop: stopped.stop, inForce: true }, () =>
      screen.paint.red(`not waited for any longer; the stop ${stopped.stop} stays in force`),
    );
    return EXIT.interrupted;
  });
}

/** How far it has come; undefined once it was lifted or its node closed. */
async function viewOf(
  client: BursarClient,
  { path, stop }: AnswerOf<'stopped'>,
): Promise<StopView | undefined> {
  try {
    const { stopping = [] } = await client.balance(path);
    return stopping.find((one) => one.stop === stop);
  } catch (error) {
    if (error instanceof RefusedError && error.code === 'unknown_node') return undefined;
    throw error;
  }
}

/** @returns what is shown now, to tell whether the next look shows anything new */
function showProgress(screen: Screen, view: StopView, shown: string): string {
  const { ackInMs, ...content } = view;
  screen.progress(() => progressText(view));
  const now = JSON.stringify(content);
  if (screen.isJson && now !== shown) screen.line({ ...content, ackInMs }, () => '');
  return now;
}

function progressText(view: StopView): string {
  const { remaining, allocations, acknowledged, agents, ackInMs } = view;
  const left = `${remaining} of ${countOf(allocations, 'allocation')} still live`;
  const heard = `${acknowledged} of ${countOf(agents, 'agent')} acknowledged`;
  return `${left}, ${heard}, fenced in ${durationText(ackInMs)}`;
}

function resultText(path: string, view: StopView, tookMs: number, paint: Colours): string {
  const { allocations, fenced, acknowledged, agents, unacknowledged } = view;
  const more = agents - acknowledged - unacknowledged.length;
  return [
    `${paint.red('stands still')} ${path} after ${durationText(tookMs)}: of ${countOf(allocations, 'allocation')} ` +
      `${allocations - fenced} ended in time, ${fenced} were fenced`,
    `  ${acknowledged} of ${countOf(agents, 'agent')} acknowledged` +
      (unacknowledged.length === 0 ? '' : `; not ${unacknowledged.join(', ')}`) +
      (more > 0 ? ` and ${more} more` : ''),
  ].join('\n');
}
