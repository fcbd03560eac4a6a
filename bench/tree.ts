import { type BursarClient, connect } from '../client/client.ts';

/** Runs of each team's swarm, and steps of each run: the tree of the peers. */
const RUNS = 4;
const STEPS = 4;
/** Far above what a bench can spend, so that every request is granted. Microcredits. */
const LIMIT_MICRO = 1_000_000_000_000_000;

/** A step to work on, and the client of its team. */
export interface Workplace {
  readonly client: BursarClient;
  readonly path: string;
}

/** An agent of one team. */
export interface BenchAgent {
  readonly agent: string;
  readonly team: string;
  readonly seed: string;
}

/** Opens team > swarm > runs > steps, each with a limit of its own, and enrols the agent. */
export async function openTree(
  url: string,
  operatorSeed: string,
  { agent, team }: BenchAgent,
): Promise<void> {
  const operator = await connect({ url, agent: 'operator', team, seed: operatorSeed });
  const limits = { credits: { limit: LIMIT_MICRO } };
  await operator.open(team, { limits });
  await operator.enrol({ agent, role: 'agent', prefix: team });
  await operator.open(`${team}/s`, { limits });
  for (let run = 0; run < RUNS; run += 1) {
    await operator.open(`${team}/s/r${run}`, { tier: 'run', limits });
    for (let step = 0; step < STEPS; step += 1) {
      await operator.open(`${team}/s/r${run}/p${step}`, { tier: 'step', limits });
    }
  }
  await operator.disconnect();
}

/** The steps of a team. */
export function workplacesOf(client: BursarClient): Workplace[] {
  const places: Workplace[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    for (let step = 0; step < STEPS; step += 1) {
      places.push({ client, path: `${client.team}/s/r${run}/p${step}` });
    }
  }
  return places;
}
