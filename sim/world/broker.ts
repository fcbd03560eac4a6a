import type { CallOff } from '../../host/host.ts';
import type { Chance } from './chance.ts';
import { Connection, type ConnectionEnd } from './connection.ts';
import type { Faults } from './faults.ts';
import type { SimProcess } from './process.ts';
import { WORLD_BEGINS_AT_MS } from './process-host.ts';
import { Routing } from './routing.ts';
import type { Scheduler } from './scheduler.ts';
import { type Client, Session } from './session.ts';
import { BROKER_TIMES } from './world-times.ts';

export interface BrokerParts {
  readonly scheduler: Scheduler;
  readonly chance: Chance;
  readonly faults: Faults;
  /** How many shards its mapping knows. */
  readonly shards: number;
}

/** The broker: knows who is connected, and keeps nothing for those who are not. */
export class SimBroker {
  readonly routing: Routing;
  readonly #parts: BrokerParts;
  readonly #chance: Chance;
  readonly #ends = new Map<Connection, ConnectionEnd>();
  readonly #endWatches = new Map<Connection, CallOff>();
  readonly #returning = new Set<Connection>();
  readonly #teams = new Map<string, string>();
  readonly #cutOff = new Set<SimProcess>();
  #aheadMs = 0;
  /** Reasons for which it is away; it is up when there is none. */
  #absences = 0;
  #connectionCount = 0;

  constructor(parts: BrokerParts) {
    this.#parts = parts;
    this.#chance = parts.chance.fork('broker');
    this.routing = new Routing(parts.scheduler, parts.chance, parts.shards);
  }

  get isUp(): boolean {
    return this.#absences === 0;
  }

  /** Its wall clock, ms since 1970: what the log's messages are stamped with. */
  wallMs(): number {
    return Math.floor(WORLD_BEGINS_AT_MS + this.#parts.scheduler.nowMs + this.#aheadMs);
  }

  jumpClock(byMs: number): void {
    this.#aheadMs += byMs;
  }

  /** Lets an agent into one team alone; one that is not named here is let into all. */
  admit(agent: string, team: string): void {
    this.#teams.set(agent, team);
  }

  /**
   * Opens a connection of a process. While the broker cannot be reached it is away, and comes up
   * as after a break.
   */
  connect(process: SimProcess, end: ConnectionEnd): Connection {
    const { scheduler, chance, faults } = this.#parts;
    const name = `connection ${this.#connectionCount++}`;
    const connection = new Connection({ process, scheduler, chance: chance.fork(name), faults });
    this.#ends.set(connection, end);
    this.#endWatches.set(
      connection,
      process.onEnd(() => this.disconnect(connection)),
    );
    if (this.#cutOff.has(process)) connection.cut();
    if (!this.#isReachable(connection)) connection.giveUp();
    return connection;
  }

  /** Opens a connection of a user who sends and hears messages. */
  open(process: SimProcess, user: string, client: Client): Session {
    const connection = this.connect(process, client);
    const team = this.#teams.get(user) ?? '*';
    const session = new Session(connection, user, team, client);
    this.routing.add(session);
    return session;
  }

  /** The process's end closes it; what it sent before still arrives. */
  disconnect(connection: Connection): void {
    this.#endWatches.get(connection)?.();
    this.#endWatches.delete(connection);
    connection.send('up', () => {
      this.#ends.delete(connection);
      this.routing.remove(connection);
    });
  }

  /** Goes away for a time, ms; everybody is disconnected and comes back afterwards. */
  restart(downMs: number): void {
    const { scheduler } = this.#parts;
    const comeBack = this.goAway();
    scheduler.at(scheduler.nowMs + downMs, 'arrival', undefined, comeBack);
  }

  /** Goes away until the function is called that it gives. */
  goAway(): () => void {
    this.#parts.faults.note('brokerRestarted');
    this.#absences += 1;
    for (const connection of this.#ends.keys()) this.#drop(connection);
    let isBack = false;
    return () => {
      if (isBack) return;
      isBack = true;
      this.#absences -= 1;
      for (const connection of this.#ends.keys()) this.#letReturn(connection);
    };
  }

  /** Breaks the connections of a process; both ends know at once. */
  reset(process: SimProcess): void {
    this.#parts.faults.note('connectionsReset');
    for (const connection of this.#of(process)) this.#drop(connection);
  }

  /** Cuts a process off without a word: it takes both ends a while to notice. */
  cut(process: SimProcess): void {
    const { scheduler, faults } = this.#parts;
    faults.note('processCutOff');
    this.#cutOff.add(process);
    for (const connection of this.#of(process)) {
      if (connection.isCut) continue;
      const cut = connection.cut();
      const { cutNoticedMsMin, cutNoticedMsMax } = BROKER_TIMES;
      const noticedInMs = this.#chance.between(cutNoticedMsMin, cutNoticedMsMax);
      scheduler.at(scheduler.nowMs + noticedInMs, 'arrival', process, () => {
        if (connection.isCutBy(cut)) this.#notice(connection);
      });
    }
  }

  /** Ends a cut: what was held arrives, where no end has given the connection up. */
  heal(process: SimProcess): void {
    this.#parts.faults.note('processReachedAgain');
    this.#cutOff.delete(process);
    for (const connection of this.#of(process)) {
      if (!connection.isCut) continue;
      const isGivenUp = !connection.isUp || connection.isStale;
      connection.heal();
      if (isGivenUp) this.#drop(connection);
    }
  }

  #of(process: SimProcess): Connection[] {
    return [...this.#ends.keys()].filter((connection) => connection.process === process);
  }

  /** The broker knows a connection no more; its other end notices, if the wire is whole. */
  #drop(connection: Connection): void {
    const { scheduler } = this.#parts;
    connection.break();
    this.routing.deafen(connection);
    if (connection.isCut) {
      connection.isStale = true;
      return;
    }
    const noticedInMs = this.#chance.between(0, BROKER_TIMES.breakNoticedMsMax);
    scheduler.at(scheduler.nowMs + noticedInMs, 'arrival', connection.process, () =>
      this.#notice(connection),
    );
  }

  /** The process's end takes note that the connection is gone, and tries to come back. */
  #notice(connection: Connection): void {
    if (connection.isUp) {
      connection.giveUp();
      this.#ends.get(connection)?.onDown();
    }
    this.#letReturn(connection);
  }

  #letReturn(connection: Connection): void {
    const isExpected = this.#returning.has(connection);
    if (connection.isUp || isExpected || !this.#isReachable(connection)) return;
    this.#returning.add(connection);
    const { scheduler } = this.#parts;
    const { returnMsMin, returnMsMax } = BROKER_TIMES;
    const inMs = this.#chance.between(returnMsMin, returnMsMax);
    scheduler.at(scheduler.nowMs + inMs, 'arrival', connection.process, () => {
      this.#returning.delete(connection);
      const end = this.#ends.get(connection);
      if (end === undefined || !this.#isReachable(connection)) return;
      connection.stand();
      end.onUp();
    });
  }

  #isReachable(connection: Connection): boolean {
    return this.isUp && !connection.isCut;
  }
}
