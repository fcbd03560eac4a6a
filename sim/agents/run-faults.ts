import type { Fault, FaultKind } from '../plan/fault.ts';
import { agentProcessName, type Plan } from '../plan/plan.ts';
import type { SimProcess } from '../world/process.ts';
import { damage } from './damage.ts';
import { RatesInForce } from './rates-in-force.ts';
import type { Stage } from './stage.ts';

/** A time in which a fault was in force. Virtual, ms since the world began. */
export interface FaultWindow {
  readonly kind: FaultKind;
  readonly fromMs: number;
  untilMs: number;
}

/** A crash point that no step has. */
const NEVER = -1;

/**
 * Lets the faults of a plan happen at their times, and puts everything right when they are over:
 * who stands still goes on, who is down starts again, clocks are set right, the network is whole.
 * Damage to the log stays.
 */
export class RunningFaults {
  /** What really happened, in the order of its beginning. */
  readonly windows: FaultWindow[] = [];
  readonly #stage: Stage;
  readonly #rates: RatesInForce;
  readonly #beganAtMs: number;
  readonly #endings = new Set<() => void>();
  readonly #pauses = new Map<SimProcess, number>();
  #claimants = 0;

  /** Begins now: `atMs` of the plan counts from here. */
  constructor(plan: Plan, stage: Stage) {
    const { world } = stage;
    this.#stage = stage;
    this.#rates = new RatesInForce(world.faults);
    this.#beganAtMs = world.nowMs;
    this.#at(plan.faultsBeginAtMs, () => this.#rates.add(plan.rates));
    for (const fault of plan.faults) this.#at(fault.atMs, () => this.#strike(fault));
    this.#at(plan.faultsEndAtMs, () => this.heal());
  }

  /** Kinds of faults in force at a virtual time. */
  inForce(atMs: number): FaultKind[] {
    const now = this.windows.filter(({ fromMs, untilMs }) => fromMs <= atMs && atMs <= untilMs);
    return [...new Set(now.map(({ kind }) => kind))];
  }

  /** Ends all faults now. */
  heal(): void {
    this.#rates.clear();
    for (const end of [...this.#endings]) end();
    for (const process of this.#stage.world.processes) {
      if (!process.isAlive) continue;
      process.crashAt(NEVER, 'before');
      process.jumpClock(-process.host.aheadMs);
    }
  }

  #strike(fault: Fault): void {
    switch (fault.kind) {
      case 'messyNetwork':
      case 'logSlow':
      case 'logFull':
      case 'logAway':
      case 'loseAcks':
      case 'loseAppends':
      case 'falseWrongSequence':
        this.#lasting(fault.kind, fault.forMs, this.#rates.add(fault.rates));
        return;
      case 'crashWriter':
      case 'pauseWriter':
      case 'zombie':
        this.#strikeWriter(fault);
        return;
      case 'crashProjector':
      case 'tearCheckpoint':
      case 'staleCheckpoint':
        this.#strikeProjector(fault);
        return;
      case 'dropTail':
      case 'flipBit':
      case 'vanishBlock':
        if (damage(this.#stage.world, fault)) this.#lasting(fault.kind, Infinity, () => {});
        return;
      default:
        this.#strikeOther(fault);
    }
  }

  #strikeWriter(fault: Extract<Fault, { writer: number }>): void {
    const { world } = this.#stage;
    const process = this.#stage.writer(fault.writer);
    if (process === undefined) return;
    if (fault.kind !== 'crashWriter') {
      world.faults.note(fault.kind);
      this.#pause(fault.kind, process, fault.forMs);
      return;
    }
    process.onEnd(() => {
      world.faults.note(fault.kind);
      this.#lasting(fault.kind, fault.forMs, () => {
        if (this.#stage.writer(fault.writer) === undefined) this.#stage.startWriter(fault.writer);
      });
    });
    const { point } = fault;
    if (point === undefined) process.crash();
    else process.crashAt(process.stepCount + point.count, point.side);
  }

  #strikeProjector(fault: Extract<Fault, { projector: number }>): void {
    const { world } = this.#stage;
    const process = this.#stage.projector(fault.projector);
    if (process === undefined) return;
    const { machine } = process;
    process.crash();
    for (const file of machine.files) {
      if (fault.kind === 'staleCheckpoint') machine.makeStale(file);
      if (fault.kind !== 'tearCheckpoint') continue;
      machine.tear(file, Math.floor((machine.read(file)?.byteLength ?? 0) / 2));
    }
    world.faults.note(fault.kind);
    this.#lasting(fault.kind, fault.forMs, () => {
      const isDown = this.#stage.projector(fault.projector) === undefined;
      if (isDown) this.#stage.startProjector(fault.projector);
    });
  }

  #strikeOther(
    fault: Extract<
      Fault,
      {
        kind:
          | 'secondClaimant'
          | 'brokerRestart'
          | 'outage'
          | 'cutOff'
          | 'clockJump'
          | 'crashClient';
      }
    >,
  ): void {
    const { world, agents } = this.#stage;
    switch (fault.kind) {
      case 'brokerRestart':
      case 'outage':
        world.broker.restart(fault.forMs);
        this.#lasting(fault.kind, fault.forMs, () => {});
        return;
      case 'cutOff': {
        const process = this.#named(fault.name);
        if (process === undefined) return;
        world.broker.cut(process);
        this.#lasting(fault.kind, fault.forMs, () => world.broker.heal(process));
        return;
      }
      case 'clockJump': {
        const process = this.#named(fault.name);
        process?.jumpClock(fault.byMs);
        if (process !== undefined) world.faults.note(fault.kind);
        if (process !== undefined) this.#lasting(fault.kind, Infinity, () => {});
        return;
      }
      case 'secondClaimant':
        this.#claim(fault.shard);
        return;
      case 'crashClient': {
        const agent = agents.agent(fault.agent, fault.team);
        if (agent?.process === undefined) return;
        agent.crash();
        world.faults.note(fault.kind);
        const { forMs } = fault;
        this.#lasting(fault.kind, forMs ?? Infinity, () => forMs !== null && agent.start());
        return;
      }
      default:
        fault satisfies never;
    }
  }

  #claim(shard: number): void {
    const { world } = this.#stage;
    const process = world.process(`claimant-${this.#claimants++}`);
    world.faults.note('secondClaimant');
    // Whether it wins the claim is the log's business; it goes away in any case.
    const end = () => process.crash();
    process.start(() => this.#stage.claimBy(process, shard).then(end, end));
    this.#lasting('secondClaimant', CLAIM_MS, end);
  }

  #pause(kind: FaultKind, process: SimProcess, forMs: number): void {
    this.#pauses.set(process, (this.#pauses.get(process) ?? 0) + 1);
    process.pause();
    this.#lasting(kind, forMs, () => {
      const left = (this.#pauses.get(process) ?? 1) - 1;
      this.#pauses.set(process, left);
      if (left === 0) process.resume();
    });
  }

  /** Notes a fault in force; ends it after a time, or when everything is put right. */
  #lasting(kind: FaultKind, forMs: number, end: () => void): void {
    const { world } = this.#stage;
    const fromMs = world.nowMs;
    const window: FaultWindow = { kind, fromMs, untilMs: Infinity };
    this.windows.push(window);
    let callOff = () => {};
    const endOnce = () => {
      if (!this.#endings.delete(endOnce)) return;
      callOff();
      window.untilMs = world.nowMs;
      end();
    };
    this.#endings.add(endOnce);
    if (forMs === Infinity) return;
    callOff = world.scheduler.at(fromMs + forMs, 'timer', undefined, endOnce);
  }

  #named(name: string): SimProcess | undefined {
    const [kind, no] = name.split('-');
    if (kind === 'writer') return this.#stage.writer(Number(no));
    if (kind === 'projector') return this.#stage.projector(Number(no));
    const { agents } = this.#stage.agents;
    return agents.find(({ plan }) => agentProcessName(plan) === name)?.process;
  }

  #at(afterMs: number, work: () => void): void {
    this.#stage.world.scheduler.at(this.#beganAtMs + afterMs, 'timer', undefined, work);
  }
}

/** By then a claimant has won or lost, ms. */
const CLAIM_MS = 5_000;
