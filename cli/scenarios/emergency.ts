import type { CommandInput } from '../../events/commands.ts';
import type { Scenario } from './scenario.ts';
import type { Stage } from './stage.ts';

const LAB = 'acme/lab';
/** Credits are counted in millionths. */
const CREDIT = 1_000_000;
const STOP = 'halt';
const WAIT = { maxWaitMs: 60_000, ttlMs: 60_000 } as const;

/** So many credits, all of them or at least some. */
const credits = (amount: number, min?: number) => ({
  items: {
    credits: { amount: amount * CREDIT, ...(min === undefined ? {} : { min: min * CREDIT }) },
  },
});

type Policy = Extract<CommandInput, { op: 'setPolicy' }>['policy'];

/** Levels as an operator might set them, with times short enough to watch. */
const POLICY: Policy = {
  degradation: {
    levels: [
      { partialPermilleMax: 500, modelHint: 'use the small model' },
      { admit: 'high', refused: 'queue', reserve: true, modelHint: 'finish what is begun' },
      { admit: 'critical', refused: 'deny', reserve: true, modelHint: 'stop spending' },
    ],
    dwellMs: 800,
  },
  reserves: { credits: { amount: 10 * CREDIT } },
  recovery: { startPermille: 200, stepPermille: 200, everyMs: 1_500 },
};

/**
 * A budget runs down: warned, reduced, cut to the urgent, stopped; then topped up and brought back
 * slowly, first come, first served.
 */
export const emergency: Scenario = {
  name: 'emergency',
  introduction:
    'A hundred and ten credits of the swarm acme/lab, and a day on which they do not last. Everything is ' +
    'asked over NATS of a real governor; what it tells its subscribers is told here as they hear it.',
  team: 'acme',
  agents: ['ann', 'bob', 'cat', 'dan', 'eve', 'fay', 'gil'],
  explained: 'fay-1',
  async play(stage) {
    await warned(stage);
    await reduced(stage);
    await basic(stage);
    await exhausted(stage);
    await stopped(stage);
    await toppedUp(stage);
    await recovered(stage);
  },
};

async function warned(stage: Stage): Promise<void> {
  stage.act(
    '1. A day begins',
    'The operator sets levels, keeps ten credits for emergencies, and opens the lab. Ann takes the most.',
  );
  await stage.send('operator', { op: 'open', path: 'acme' }, 'opens the team');
  await stage.send('operator', { op: 'setPolicy', path: 'acme', policy: POLICY }, 'sets levels');
  const limits = { credits: { limit: 110 * CREDIT } };
  await stage.send('operator', { op: 'open', path: LAB, limits }, 'opens the lab, 110 credits');
  for (const run of ['batch', 'search', 'alarm']) {
    await stage.send('operator', { op: 'open', path: `${LAB}/${run}` }, `opens the run ${run}`);
  }
  const low = { ...credits(62), priority: 'low', ttlMs: 60_000 } as const;
  await stage.ask('ann', 'ann-1', `${LAB}/batch/index`, low, 'wants 62, low');
  await stage.alarm('notice');
}

async function reduced(stage: Stage): Promise<void> {
  stage.act(
    '2. Reduced',
    'At three quarters the lab falls to level 1: what can be divided is cut by half, and every ' +
      'answer says how to save.',
  );
  const step = `${LAB}/search/read`;
  await stage.ask('bob', 'bob-1', step, { ...credits(14), ttlMs: 60_000 }, 'wants 14');
  await stage.alarm('warning');
  await stage.alarm('degraded');
  const some = { ...credits(12, 1), ttlMs: 60_000 };
  await stage.ask('bob', 'bob-2', step, some, 'wants 12, at least 1');
}

async function basic(stage: Stage): Promise<void> {
  stage.act(
    '3. Basic',
    'At nine tenths only high and above is admitted. Dan is patient: he waits, out of the line.',
  );
  const high = { ...credits(8), priority: 'high', ttlMs: 60_000 } as const;
  await stage.ask('eve', 'eve-1', `${LAB}/search/rank`, high, 'wants 8, high');
  await stage.alarm('critical');
  await stage.alarm('degraded');
  await stage.ask('dan', 'dan-1', `${LAB}/search/sum`, { ...credits(5), ...WAIT }, 'wants 5');
}

async function exhausted(stage: Stage): Promise<void> {
  stage.act(
    '4. Exhausted',
    'Cat keeps the alarms running: her work is critical, takes the rest, and may draw on the reserve. ' +
      'For Eve, who was urgent enough a moment ago, it is over; Dan, who waited, is told so too.',
  );
  const critical = { ...credits(12), priority: 'critical', ttlMs: 60_000 } as const;
  await stage.ask('cat', 'cat-1', `${LAB}/alarm/watch`, critical, 'wants 12, critical');
  await stage.alarm('exhausted');
  await stage.alarm('degraded');
  await stage.hear('dan', 'denied');
  const high = { ...credits(2), priority: 'high', ttlMs: 60_000 } as const;
  await stage.ask('eve', 'eve-2', `${LAB}/search/rank`, high, 'wants 2, high');
  await stage.send('operator', { op: 'balance', path: LAB }, 'looks at the lab');
}

async function stopped(stage: Stage): Promise<void> {
  stage.act(
    '5. Stop',
    'The operator stops all that is not critical. Ann and Eve acknowledge and settle. Bob does not ' +
      'answer: after a second and a half his work is fenced off. Cat goes on; and with what came back ' +
      'the level begins to rise, one by one.',
  );
  const stop = { op: 'stop', path: LAB, id: STOP, ackMs: 1_500, reason: 'no money' } as const;
  await stage.send('operator', stop, 'stops the lab below critical');
  await stage.alarm('stop');
  for (const [agent, allocation, spent] of [
    ['ann', 'ann-1', 30],
    ['eve', 'eve-1', 4],
  ] as const) {
    await stage.hear(agent, 'stop');
    const heard = { op: 'acknowledgeStop', path: LAB, stop: STOP } as const;
    await stage.send(agent, heard, 'acknowledges');
    await stage.settle(agent, allocation, { credits: spent * CREDIT });
  }
  await stage.alarm('degraded');
  await stage.hear('bob', 'fenced');
  await stage.alarm('stopped');
}

async function toppedUp(stage: Stage): Promise<void> {
  stage.act(
    '6. Money, and a slow start',
    'The lab gets another hundred, and the stop is lifted. Dan, Fay and Gil all want to begin at ' +
      'once. A fifth of the room is given out at first, and to the swarm alone: they wait in line.',
  );
  const more = { op: 'topUp', id: 'more', path: LAB, amounts: { credits: 100 * CREDIT } } as const;
  await stage.send('operator', more, 'tops up by 100');
  await stage.send('operator', { op: 'recover', path: LAB, stop: STOP }, 'lifts the stop');
  await stage.alarm('recovering');
  await stage.alarm('recovering');
  await stage.alarm('degraded');
  for (const [agent, amount] of [
    ['dan', 60],
    ['fay', 38],
    ['gil', 4],
  ] as const) {
    const ask = { ...credits(amount), ...WAIT };
    await stage.ask(
      agent,
      `${agent}-${agent === 'dan' ? 2 : 1}`,
      `${LAB}/search/${agent}`,
      ask,
      `wants ${amount}`,
    );
  }
  await stage.send('operator', { op: 'queue', path: LAB }, 'looks at the queue');
}

async function recovered(stage: Stage): Promise<void> {
  stage.act(
    '7. Recovered',
    'Each interval gives out more: to runs, then to steps. Dan is served, then Fay, then Gil, who is ' +
      'small and does not pass her. The level has risen one by one meanwhile.',
  );
  await stage.hear('dan', 'granted');
  await stage.hear('fay', 'granted');
  await stage.hear('gil', 'granted');
  await stage.alarm('recovered', 'level');
  await stage.alarm('recovered', 'slow start');
  await stage.send('operator', { op: 'balance', path: LAB }, 'looks at the lab');
}
