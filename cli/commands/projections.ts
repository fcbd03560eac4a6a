import type { Command } from 'commander';
import { systemHost } from '../../host/system-host.ts';
import { ALL_PROJECTIONS } from '../../projections/all-projections.ts';
import { balances } from '../../projections/balances.ts';
import type { BalanceDifference } from '../../projections/check.ts';
import { Projector } from '../../projections/projector.ts';
import { countOf } from '../../workload/number-text.ts';
import { checkTeam, differenceText } from '../check-team.ts';
import { examples } from '../examples.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { withLog } from '../log-access.ts';
import type { Runner, Session } from '../session.ts';

export function addProjectionCommands(program: Command, { run }: Runner): void {
  const projections = program
    .command('projections')
    .description('the views of the log: balances, allocations, queue, usage, audit trail');
  projections
    .command('rebuild')
    .description('throw the checkpoints away and read the whole log anew')
    .addHelpText('after', examples('projections rebuild'))
    .action(run(rebuild));
  projections
    .command('check')
    .description('compare the balances counted from the log with those of the writer, every field')
    .addHelpText('after', examples('projections check', 'projections check --team acme'))
    .action(run(check));
}

async function rebuild(session: Session): Promise<ExitCode> {
  const { screen, dataDir } = session;
  return withLog(session, 'projector', async ({ ledger, shards, pinnedKeys }) => {
    const rebuilt: { shard: number; seq: number; keptAside: number }[] = [];
    for (let shard = 0; shard < shards; shard += 1) {
      screen.progress(() => `shard ${shard} of ${shards} …`);
      const projector = new Projector({
        host: systemHost,
        ledger,
        shard,
        pinnedKeys,
        projections: ALL_PROJECTIONS,
        dataDir,
        onLine: (_level, text) => screen.aside(text),
      });
      const seq = await projector.rebuild();
      rebuilt.push({ shard, seq, keptAside: projector.health().poisonCount });
    }
    const messages = rebuilt.reduce((sum, { seq }) => sum + seq, 0);
    const keptAside = rebuilt.reduce((sum, one) => sum + one.keptAside, 0);
    screen.result(
      { outcome: 'rebuilt', shards: rebuilt, keptAside },
      () =>
        `rebuilt ${ALL_PROJECTIONS.map(({ name }) => name).join(', ')} from ${countOf(messages, 'message')}` +
        (keptAside === 0
          ? ''
          : `; ${countOf(keptAside, 'record')} kept aside: see bursar audit verify`),
    );
    return keptAside === 0 ? EXIT.ok : EXIT.unsound;
  });
}

async function check(session: Session): Promise<ExitCode> {
  const { screen } = session;
  return withLog(session, 'projector', async ({ ledger, shards, pinnedKeys }) => {
    const teams: string[] = [];
    const differences: BalanceDifference[] = [];
    for (let shard = 0; shard < shards; shard += 1) {
      const projector = new Projector({
        host: systemHost,
        ledger,
        shard,
        pinnedKeys,
        projections: [balances],
      });
      await projector.catchUp();
      for (const team of projector.stateOf(balances).keys()) {
        if (session.team !== undefined && session.team !== team) continue;
        screen.progress(() => `checking ${team} …`);
        teams.push(team);
        differences.push(...(await checkTeam(session, projector, team)));
      }
    }
    const ok = differences.length === 0;
    screen.result({ ok, teams, differences }, () =>
      ok
        ? `${screen.paint.green('equal')}: the balances of ${countOf(teams.length, 'team')}, counted from the log, are the writer's`
        : differences.map((one) => differenceText(one)).join('\n'),
    );
    return ok ? EXIT.ok : EXIT.unsound;
  });
}
