import { Command, type CommandInput } from '../events/commands.ts';
import type { Given, Recorded, Sent, TeamHistory } from '../sim/model/history.ts';
import { play, type Shown, TeamRig } from './actors/rig.ts';
import { ask, LAB, open, policy, RUN, release, setLimits, settle } from './actors/world.ts';

/** A rig that keeps what was sent to it and what it answered, for the model to judge. */
export class WitnessedRig extends TeamRig {
  readonly sent: Sent[] = [];
  readonly answers: Given[] = [];

  override decide(input: CommandInput, agent: string): Shown {
    const to: Sent = { agent, command: Command.parse(input), sentAtMs: this.nowMs };
    this.sent.push(to);
    const shown = super.decide(input, agent);
    this.answers.push({ to, answer: shown.answer, answeredAtMs: this.nowMs });
    return shown;
  }

  /** All of it, as plain data that may be damaged. */
  history(): DamagedHistory {
    const { team, recorded, sent, answers } = this;
    return structuredClone({ team: team.name, events: recorded, sent, answers });
  }
}

type Mutable<Value> = { -readonly [Key in keyof Value]: Value[Key] };

/** A history that is a test's own to change. */
export interface DamagedHistory extends TeamHistory {
  readonly events: Mutable<Recorded>[];
  readonly sent: Mutable<Sent>[];
  readonly answers: Mutable<Given>[];
}

const vip = { priority: 'emergency' } as const;
const low = { priority: 'low' } as const;
export const TWO = 'acme/lab/two';
const ladder = policy({ ladder: [{ kind: 'notice', onPermille: 600, offPermille: 550 }] });

/** Something of everything that can be judged. */
export function goodHistory(): DamagedHistory {
  const rig = play(new WitnessedRig(), LAB) as WitnessedRig;
  const as = (agent: string) => (command: Parameters<WitnessedRig['when']>[0]) =>
    rig.when(command, agent);
  const [ann, bob, operator] = [as('ann'), as('bob'), as('operator')];
  operator(open(TWO, { credits: { guarantee: 100 } }));
  operator(setLimits(RUN, { credits: 600 }));
  operator(ladder);
  // Settled, over-settled, reported, expired, settled late.
  ann(ask('a', { credits: 300 }));
  ann({ op: 'renew', allocation: 'a', byMs: 5_000 });
  ann({ op: 'resize', allocation: 'a', items: { credits: 250 } });
  operator({ op: 'balance', path: 'acme' });
  ann(settle('a', { credits: 120 }, { id: 's.a' }));
  ann(settle('a', { credits: 120 }, { id: 's.a' }));
  ann(ask('over', { credits: 100 }));
  ann(settle('over', { credits: 130 }));
  ann(ask('c', { credits: 90 }, { ttlMs: 500 }));
  ann({ op: 'report', allocation: 'c', used: { credits: 20 } });
  ann({ op: 'report', allocation: 'c', used: { credits: 50 } });
  rig.pass(500);
  ann(settle('c', { credits: 80 }));
  // Freezes of a command and of a time.
  operator({ op: 'freeze', path: RUN, id: 'fr', forMs: 200 });
  ann(ask('cold', { credits: 1 }));
  rig.pass(200);
  // A queue of two; a part; thresholds both ways.
  ann(ask('most', { credits: 470 }, { path: `${TWO}/s` }));
  bob(ask('w1', { credits: 250 }, { maxWaitMs: 60_000 }));
  bob(ask('w2', { credits: 150 }, { maxWaitMs: 60_000 }));
  bob(ask('no', { credits: 150 }));
  bob(ask('no', { credits: 150 }));
  bob(ask('late', { credits: 150 }, { maxWaitMs: 300 }));
  rig.pass(300);
  operator({ op: 'queue', path: 'acme' });
  ann(release('most'));
  bob(settle('w1', { credits: 0 }));
  bob(settle('w2', { credits: 0 }));
  bob(ask('part', { credits: { amount: 900, min: 10 } }, { path: `${TWO}/s` }));
  bob(release('part'));
  // Victims.
  ann(ask('v', { concurrency: 3 }, { ...low, graceMs: 400 }));
  ann(ask('u', { concurrency: 1 }, vip));
  bob(ask('b', { concurrency: 2 }, { ...vip, maxWaitMs: 9_000 }));
  rig.pass(400);
  bob({ op: 'status', of: 'b' });
  bob(release('b'));
  // A stop, a close, a charge, a conflict.
  ann(ask('x', { credits: 5 }, { path: `${TWO}/s` }));
  operator({ op: 'stop', path: TWO, id: 'st', ackMs: 100 });
  rig.pass(100);
  operator({ op: 'recover', path: TWO, stop: 'st' });
  operator({ op: 'charge', id: 'ch', path: TWO, amounts: { credits: 7 } });
  operator({ op: 'charge', id: 'ch', path: TWO, amounts: { credits: 8 } });
  ann(ask('y', { credits: 5 }, { path: `${TWO}/s` }));
  operator({ op: 'close', path: TWO });
  ann(release('y'));
  operator({ op: 'adjust', id: 'adj', allocation: 'y', actual: { credits: 3 } });
  operator({ op: 'unfreeze', path: RUN, freeze: 'none' });
  operator({ op: 'balance', path: 'acme' });
  return rig.history();
}
