import { type BursarClient, connect, type Notice } from '../client/client.ts';
import { serveParent } from '../host/child.ts';

/** The process of those who are stopped: an operator, and agents with a connection each. */
export interface StopParams {
  readonly url: string;
  readonly operatorSeed: string;
  readonly team: string;
  readonly agents: readonly { readonly name: string; readonly seed: string }[];
  readonly allocations: number;
}

export interface RoundParams {
  /** Whether agents settle what a notice names, or are fenced at the deadline. */
  readonly settles: boolean;
  readonly ackMs: number;
}

/** When things happened, ms since 1970, by the clock of the machine that all share. */
export interface RoundTimes {
  readonly stop: string;
  readonly allocations: number;
  readonly sentAtMs: number;
  /** The command was answered: the stop is on the disk. */
  readonly durableAtMs: number;
  readonly deadlineAtMs: number;
  readonly noticesAtMs: readonly number[];
  readonly acknowledgedAtMs: readonly number[];
  readonly settledAtMs: readonly number[];
  readonly fencedAtMs: readonly number[];
  /** The emergency `stopped` was heard. */
  readonly completeAtMs: number;
  /** Requests below the stop and at its priority that came meanwhile, and were denied. */
  readonly pressed: number;
  readonly denied: number;
}

const HELD = { credits: { amount: 1 } } as const;
const TTL_MS = 20 * 60 * 1000;
const RUNS = 10;
/** Agents beside the swarm's, who ask on and on while it is stopped. */
const PRESSING = 4;
/** Of every command and of the whole stop: what is slow shall be measured, not fail. */
const PATIENCE_MS = 180_000;

const nowMs = () => performance.timeOrigin + performance.now();
let params: StopParams;
let operator: BursarClient;
const clients: BursarClient[] = [];

serveParent({ start, round }, () =>
  Promise.all([operator, ...clients].map((client) => client?.disconnect())),
);

/** Opens a swarm with runs and connects everybody. */
async function start(given: StopParams): Promise<void> {
  params = given;
  const { url, team, agents, operatorSeed } = given;
  const onWarning = () => {};
  const common = { url, team, onWarning, timeoutMs: PATIENCE_MS };
  operator = await connect({ ...common, agent: 'operator', seed: operatorSeed });
  await operator.open(team, { limits: { credits: { limit: 1_000_000_000 } } });
  await operator.open(`${team}/s`);
  for (let run = 0; run < RUNS; run += 1) await operator.open(runPath(run));
  for (const { name, seed } of agents) {
    await operator.enrol({ agent: name, role: 'agent', prefix: team });
    clients.push(await connect({ ...common, agent: name, seed }));
  }
}

function runPath(no: number): string {
  return `${params.team}/s/r${no % RUNS}`;
}

/** Fills the swarm, stops it, and waits until it stands still; then lifts the stop. */
async function round({ settles, ackMs }: RoundParams): Promise<RoundTimes> {
  const holders = clients.slice(PRESSING);
  const filledCount = await fill(holders);
  const since = await lastPosition();
  const heard = { notices: [] as number[], fenced: [] as number[] };
  const acknowledgedAtMs: number[] = [];
  const settledAtMs: number[] = [];
  const underWay: Promise<unknown>[] = [];
  const onStop = (client: BursarClient, { id, path = '', allocations = [] }: Notice) => {
    const done = (times: number[]) => () => times.push(nowMs());
    underWay.push(client.acknowledgeStop(path, id).then(done(acknowledgedAtMs)));
    if (!settles) return;
    for (const allocation of allocations) {
      underWay.push(client.settle(allocation, { credits: 1 }).then(done(settledAtMs)));
    }
  };
  const ends = holders.map((client) =>
    client.onNotice((notice) => {
      if (notice.kind === 'fenced') heard.fenced.push(nowMs());
      if (notice.kind !== 'stop') return;
      heard.notices.push(nowMs());
      onStop(client, notice);
    }),
  );
  const pressing = press(clients.slice(0, PRESSING));
  const complete = untilComplete(since);
  const sentAtMs = nowMs();
  const { stop, allocations, ackInMs } = await operator.stop(`${params.team}/s`, { ackMs });
  const durableAtMs = nowMs();
  const completeAtMs = await complete;
  await Promise.all(underWay);
  const { pressed, denied } = await pressing.end();
  if (!settles) await untilCount(heard.fenced, filledCount);
  for (const end of ends) end();
  await operator.recover(`${params.team}/s`, stop);
  return {
    stop,
    allocations,
    sentAtMs,
    durableAtMs,
    deadlineAtMs: durableAtMs + ackInMs,
    noticesAtMs: heard.notices,
    acknowledgedAtMs,
    settledAtMs,
    fencedAtMs: heard.fenced,
    completeAtMs,
    pressed,
    denied,
  };
}

/** @returns how many are granted */
async function fill(holders: readonly BursarClient[]): Promise<number> {
  const each = Math.ceil(params.allocations / holders.length);
  const asks = holders.flatMap((client, no) =>
    Array.from({ length: each }, () => client.request(runPath(no), { items: HELD, ttlMs: TTL_MS })),
  );
  const notGranted = (await Promise.all(asks)).find(({ outcome }) => outcome !== 'granted');
  if (notGranted !== undefined) throw new Error(`not granted: ${JSON.stringify(notGranted)}`);
  return asks.length;
}

/** Asks on and on, below the stop's priority, and gives back at once what it gets. */
function press(pressing: readonly BursarClient[]) {
  const counts = { pressed: 0, denied: 0 };
  let isOver = false;
  const loops = pressing.map(async (client, no) => {
    while (!isOver) {
      const answer = await client.request(runPath(no), { items: HELD, ttlMs: TTL_MS });
      counts.pressed += 1;
      if (answer.outcome === 'denied') counts.denied += 1;
      else await client.release(answer.id).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  });
  return {
    end: async () => {
      isOver = true;
      await Promise.all(loops);
      return counts;
    },
  };
}

/** When the swarm is told to stand still, after a position of the log. */
function untilComplete(since: number): Promise<number> {
  const heard: string[] = [];
  return new Promise((resolve, reject) => {
    const patience = setTimeout(
      () => reject(new Error(`it never stood still; heard: ${heard.join('; ')}`)),
      PATIENCE_MS,
    );
    const end = operator.onEmergency(
      ({ kind, detail }) => {
        heard.push(`${kind} ${detail}`);
        if (kind !== 'stopped') return;
        clearTimeout(patience);
        end();
        resolve(nowMs());
      },
      { since },
    );
  });
}

/** Where the newest emergency so far stands. */
async function lastPosition(): Promise<number> {
  for (let since = 0; ; ) {
    const { emergencies, position } = await operator.emergencies({ since });
    if (emergencies.length === 0) return since;
    since = position;
  }
}

async function untilCount(list: readonly unknown[], count: number): Promise<void> {
  const endAtMs = nowMs() + PATIENCE_MS;
  while (list.length < count && nowMs() < endAtMs) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
