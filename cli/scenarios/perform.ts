import { copyFile, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { addAgent } from '../../broker/agents.ts';
import type { BursarClient } from '../../client/client.ts';
import { exportLog } from '../../events/export-write.ts';
import { auditExplain } from '../audit-explain.ts';
import { checkWholeLog, verdictText } from '../check-log.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { withLog } from '../log-access.ts';
import { connectGovernor } from '../reach.ts';
import type { Session } from '../session.ts';
import type { Scenario } from './scenario.ts';
import { BrokenOffError, Stage } from './stage.ts';

/**
 * Plays a scenario on the governor of this session, explains one decision of it from the log,
 * checks the whole log, and leaves an export with the key to believe it in `folder`.
 */
export async function perform(
  session: Session,
  scenario: Scenario,
  folder: string,
): Promise<ExitCode> {
  const { screen } = session;
  screen.say(scenario.introduction);
  const stage = await withCast(session, scenario, async (clients) => {
    const made = new Stage(screen, clients, session.signal);
    await scenario.play(made).catch((error: unknown) => {
      if (!(error instanceof BrokenOffError)) throw error;
    });
    return made;
  });
  if (session.signal.aborted) return EXIT.interrupted;
  if (!screen.isJson) {
    screen.say(`\n${screen.paint.bold(`Why? What the log says of ${scenario.explained}`)}`);
    await auditExplain({ ...session, team: scenario.team }, {}, scenario.explained);
  }
  const verdict = await checkWholeLog(session);
  const files = await keepLog(session, scenario.name, folder);
  screen.result({ scenario: scenario.name, steps: stage.steps, audit: verdict, files }, () =>
    [
      '',
      verdictText(verdict, screen.paint),
      '',
      `The log: ${files.log}`,
      ...['replay', `explain ${scenario.explained}`].map(
        (what) => `  bursar audit ${what} --file ${files.log} --key ${files.key}`,
      ),
    ].join('\n'),
  );
  return verdict.ok ? EXIT.ok : EXIT.unsound;
}

/** Enrols the agents of a scenario, connects them and the operator, and disconnects them again. */
async function withCast<Result>(
  session: Session,
  { team, agents }: Scenario,
  work: (clients: ReadonlyMap<string, BursarClient>) => Promise<Result>,
): Promise<Result> {
  const clients = new Map<string, BursarClient>();
  try {
    for (const name of agents) await addAgent(session.dataDir, { name, team });
    const operator = await connectGovernor(session, team, 'operator');
    clients.set('operator', operator);
    for (const agent of agents) {
      const may = { role: 'agent', prefix: team, priorityMax: 'emergency' } as const;
      await operator.send({ op: 'enrol', agent, ...may });
      clients.set(agent, await connectGovernor(session, team, agent));
    }
    return await work(clients);
  } finally {
    for (const client of clients.values()) await client.disconnect({ drainMs: 500 });
  }
}

async function keepLog(session: Session, name: string, folder: string) {
  const log = path.join(folder, `${name}.jsonl`);
  const key = path.join(folder, `${name}.pub`);
  await mkdir(folder, { recursive: true });
  await withLog(session, 'auditor', ({ ledger, shards }) =>
    exportLog(ledger, [...Array(shards).keys()], log, Date.now()),
  );
  await copyFile(path.join(session.dataDir, 'keys', 'ledger-signing.pub'), key);
  return { log, key };
}
