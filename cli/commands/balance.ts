import type { Command } from 'commander';
import { teamOf } from '../../events/names.ts';
import { shardOf } from '../../events/shard-of.ts';
import { balanceOf } from '../../projections/balance-lines.ts';
import { balances } from '../../projections/balances.ts';
import { LogSweep } from '../../projections/log-sweep.ts';
import { type ReplayTarget, replayTo } from '../../projections/replay.ts';
import { balanceText } from '../balance-text.ts';
import { NotThereError, UsageError } from '../errors.ts';
import { examples } from '../examples.ts';
import type { ExitCode } from '../exit-codes.ts';
import { withLog } from '../log-access.ts';
import type { Runner, Session } from '../session.ts';
import { tellAnswer } from '../tell-answer.ts';
import { nodePath, showTime } from '../values.ts';

type BalanceOptions = { readonly at?: string; readonly history?: boolean };

export function addBalance(program: Command, { run }: Runner): void {
  program
    .command('balance <path>')
    .description('limits, held, spent and available of a node, by resource')
    .option('--history', 'the stretches between which grants and windows changed')
    .option('--at <place>', 'as it was: at a sequence of the log, or at a time (ISO 8601)')
    .addHelpText(
      'after',
      examples(
        'balance acme/research',
        'balance acme --json',
        'balance acme --at 1204',
        'balance acme --at 2026-05-01T12:00:00Z',
      ),
    )
    .action(
      run(async (session, { at, history }: BalanceOptions, text: string) => {
        const path = nodePath(text);
        if (at !== undefined) return balanceAt(session, path, at);
        return tellAnswer(session, teamOf(path), (client) =>
          client.balance(path, history === undefined ? {} : { history }),
        );
      }),
    );
}

/** By replay of the team's log from its first message. */
async function balanceAt(
  session: Session,
  path: string,
  text: string,
): Promise<ExitCode | undefined> {
  const { screen } = session;
  const target = targetFrom(text);
  await withLog(session, 'auditor', async ({ ledger, shards, pinnedKeys }) => {
    const shard = shardOf(teamOf(path), shards);
    const { lastSeq } = await ledger.head(shard);
    const messages = ledger.read(shard, 1, lastSeq);
    const sweep = new LogSweep(shard, pinnedKeys);
    const { state, at, atMs, poison } = await replayTo(balances, messages, sweep, target);
    const balance = balanceOf(state, path);
    if (balance === undefined || at === null) {
      throw new NotThereError(`${path} was not open at ${text}.`);
    }
    screen.result({ outcome: 'balance', ...balance, at, atMs, poison }, () =>
      [
        balanceText(balance, screen.paint),
        screen.paint.dim(
          `as it was after event ${at.seq}.${at.index} of shard ${shard}, ${showTime(atMs)}`,
        ),
        ...poison.map(({ seq, reason }) =>
          screen.paint.red(`message ${seq} was left out: ${reason}`),
        ),
      ].join('\n'),
    );
  });
  return undefined;
}

/** All events of a message, or all that were decided at or before a time. */
function targetFrom(text: string): ReplayTarget {
  if (/^\d{1,15}$/.test(text)) {
    return { seq: Number(text), index: Number.MAX_SAFE_INTEGER };
  }
  const atMs = Date.parse(text);
  if (Number.isNaN(atMs)) {
    throw new UsageError(
      `--at: '${text}' is neither a sequence nor a time.`,
      'Write a number such as 1204, or a time such as 2026-05-01T12:00:00Z.',
    );
  }
  return { atMs };
}
