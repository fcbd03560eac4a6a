import type { Command } from 'commander';
import { ResourceName, teamOf } from '../../events/names.ts';
import { shardOf } from '../../events/shard-of.ts';
import { systemHost } from '../../host/system-host.ts';
import { treeOf } from '../../projections/balance-lines.ts';
import { balances } from '../../projections/balances.ts';
import { Projector } from '../../projections/projector.ts';
import { UsageError } from '../errors.ts';
import { examples } from '../examples.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { withLog } from '../log-access.ts';
import type { Runner, Session } from '../session.ts';
import { newTreeView } from '../tree-view.ts';
import { durationMs, nodePath, wholeNumber } from '../values.ts';

type WatchOptions = {
  readonly resource: string;
  readonly depth: string;
  readonly every: string;
  readonly once?: boolean;
};

const DRAW_MS_MIN = 100;

export function addWatch(program: Command, { run }: Runner): void {
  program
    .command('watch <path>')
    .description(
      'a live tree of what is spent, held and free; from the log, without asking the writer',
    )
    .option('--resource <name>', 'which resource', 'credits')
    .option('--depth <levels>', 'levels shown below the path', '2')
    .option('--every <duration>', 'time between two drawings', '500ms')
    .option('--once', 'show it once and end')
    .addHelpText(
      'after',
      `${examples('watch acme', 'watch acme/research --resource concurrency', 'watch acme --json')}\n\n` +
        'Without a terminal, and with --json, it prints a line for each node that has changed.',
    )
    .action(run(watch));
}

async function watch(session: Session, options: WatchOptions, text: string): Promise<ExitCode> {
  const path = nodePath(text);
  const { resource } = options;
  if (!ResourceName.safeParse(resource).success) {
    throw new UsageError(
      `There is no resource '${resource}'.`,
      'Write credits, concurrency or another.',
    );
  }
  const depth = wholeNumber(options.depth, '--depth', 1);
  const everyMs = Math.max(DRAW_MS_MIN, durationMs(options.every, '--every'));
  return withLog(session, 'projector', async ({ ledger, shards, pinnedKeys }) => {
    const shard = shardOf(teamOf(path), shards);
    const projector = new Projector({
      host: systemHost,
      ledger,
      shard,
      pinnedKeys,
      projections: [balances],
      onLine: (_level, words) => session.screen.aside(words),
    });
    await projector.catchUp();
    const read = () => treeOf(projector.stateOf(balances), path);
    const view = newTreeView(session.screen, { resource, depth });
    if (options.once) {
      view.end(read(), path);
      return EXIT.ok;
    }
    projector.follow();
    try {
      while (!session.signal.aborted) {
        const { failure } = projector.health();
        if (failure !== undefined) throw failure;
        view.show(read(), path);
        await pause(everyMs, session.signal);
      }
    } finally {
      view.end(read(), path);
      await projector.stop();
    }
    return EXIT.interrupted;
  });
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}
