import type { Scenario } from './scenario.ts';
import type { Stage } from './stage.ts';

const LAB = 'acme/lab';
const GPU = 'slot.gpu';

/** One unit of the scarce resource, for so many. */
const gpus = (amount: number, min?: number) => ({
  items: { [GPU]: { amount, ...(min === undefined ? {} : { min }) } },
});

/**
 * Four GPUs, seven agents: what is granted, what only in part, who waits in which order, what an
 * emergency takes and how it is given back, and what is refused at once.
 */
export const contention: Scenario = {
  name: 'contention',
  introduction:
    'Four GPUs of the swarm acme/lab, and seven agents who want them. Everything is asked over ' +
    'NATS of a real governor; every decision is in its log when the answer comes.',
  team: 'acme',
  agents: ['ann', 'bob', 'cat', 'dan', 'eve', 'fay', 'gil'],
  explained: 'dan-1',
  async play(stage) {
    await enough(stage);
    await notEnough(stage);
    await inLine(stage);
    await emergency(stage);
    await givenBack(stage);
    await refused(stage);
  },
};

async function enough(stage: Stage): Promise<void> {
  stage.act('1. Enough for everybody', 'The operator opens the lab. Ann and Bob ask first.');
  await stage.send('operator', { op: 'open', path: 'acme' }, 'opens the team');
  const limits = { [GPU]: { limit: 4 } };
  await stage.send('operator', { op: 'open', path: LAB, limits }, 'opens the lab with 4 GPUs');
  for (const run of ['training', 'search', 'alarm']) {
    await stage.send('operator', { op: 'open', path: `${LAB}/${run}` }, `opens the run ${run}`);
  }
  const patient = { priority: 'low', graceMs: 500, maxWaitMs: 60_000, ttlMs: 60_000 } as const;
  await stage.ask('ann', 'ann-1', `${LAB}/training`, { ...gpus(2), ...patient }, 'wants 2, low');
  await stage.ask('bob', 'bob-1', `${LAB}/search`, { ...gpus(1), ttlMs: 60_000 }, 'wants 1');
}

async function notEnough(stage: Stage): Promise<void> {
  stage.act(
    '2. Not enough, but divisible',
    'One GPU is left. Cat wants three and can make do with one: a part is better than a wait.',
  );
  await stage.ask(
    'cat',
    'cat-1',
    `${LAB}/search`,
    { ...gpus(3, 1), ttlMs: 60_000 },
    'wants 3, at least 1',
  );
}

async function inLine(stage: Stage): Promise<void> {
  stage.act(
    '3. A queue, not a race',
    'Nothing is left. Dan waits. Eve comes later, but her work is more urgent: she stands before him.',
  );
  const wait = { maxWaitMs: 60_000, ttlMs: 60_000, expectedMs: 5_000 };
  await stage.ask('dan', 'dan-1', `${LAB}/search`, { ...gpus(1), ...wait }, 'wants 1 and can wait');
  const urgent = { ...gpus(1), ...wait, priority: 'high' } as const;
  await stage.ask('eve', 'eve-1', `${LAB}/search`, urgent, 'wants 1, high');
  await stage.send('operator', { op: 'queue', path: LAB }, 'looks at the queue');
}

async function emergency(stage: Stage): Promise<void> {
  stage.act(
    '4. An emergency',
    'Fay first asks what would happen: nothing is recorded. Then she asks for real. Ann holds the ' +
      'least urgent work: she gets half a second to save it, and what she still needs waits again.',
  );
  const now = { ...gpus(2), priority: 'emergency', ttlMs: 60_000, maxWaitMs: 30_000 } as const;
  await stage.wonder('fay', `${LAB}/alarm`, now, 'wonders what 2 in an emergency would come to');
  await stage.ask('fay', 'fay-1', `${LAB}/alarm`, now, 'wants 2, emergency');
  await stage.hear('ann', 'preempt');
  await stage.hear('ann', 'preempted');
  await stage.hear('fay', 'granted');
}

async function givenBack(stage: Stage): Promise<void> {
  stage.act(
    '5. What comes free goes to whose turn it is',
    'Bob is done: Eve is served. Fay is done: Dan is next. With Cat done too, Ann goes on.',
  );
  await stage.settle('bob', 'bob-1', {});
  await stage.hear('eve', 'granted');
  await stage.settle('fay', 'fay-1', {});
  await stage.hear('dan', 'granted');
  await stage.settle('cat', 'cat-1', {});
  await stage.hear('ann', 'granted');
}

async function refused(stage: Stage): Promise<void> {
  stage.act(
    '6. No false hopes',
    'Gil wants more than there will ever be: he is told at once, and does not wait in vain.',
  );
  await stage.ask('gil', 'gil-1', `${LAB}/search`, { ...gpus(9), maxWaitMs: 60_000 }, 'wants 9');
  await stage.send('operator', { op: 'balance', path: LAB }, 'looks at the balance');
}
