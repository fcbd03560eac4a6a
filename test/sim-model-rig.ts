import { Command, type CommandInput } from '../events/commands.ts';
import type { Given, Recorded, Sent, TeamHistory } from '../sim/model/history.ts';
import { type Shown, TeamRig } from './actors/rig.ts';

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
