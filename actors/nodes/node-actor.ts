import { strict as assert } from 'node:assert';
import {
  type Actor,
  type ActorLogic,
  type AnyEventObject,
  createActor,
  type Snapshot,
} from 'xstate';
import { type ResolverState, startResolver } from '../contests/resolver-machine.ts';
import { type ContestEvent, type NodeRuntime, take } from '../runtime.ts';
import type { Node, Phase } from './node.ts';
import type { NodeChange } from './node-change.ts';

/** What the actor of a node shows. The node itself is its context, changed in place. */
type NodeSnapshot = Snapshot<undefined> & { readonly value: Phase; readonly context: Node };
/**
 * A recorded event for its node; or, to an actor without one, the node that it stands for now; or
 * XState's own word that it is stopped.
 */
type NodeMessage = AnyEventObject &
  (
    | { readonly type: 'recorded'; readonly change: NodeChange }
    | { readonly type: 'adopted'; readonly node: Node }
    | { readonly type: 'xstate.stop' }
  );
type NodeLogic = ActorLogic<NodeSnapshot, NodeMessage, Node>;

/** Actors of closed nodes that are kept for the next ones; a started actor costs microseconds. */
const PARKED_MAX = 1_024;

/**
 * XState's own extension point, one logic for all tiers: the phase comes from the tier's machine
 * (machines.ts), the books from the shared arithmetic. A machine actor would do the same at eight
 * times the price. It never throws: XState holds a throw back and kills the process later, so it
 * is handed to `fail`.
 */
function nodeLogic(fail: (error: unknown) => void): NodeLogic {
  const snapshotOf = (node: Node): NodeSnapshot => ({
    status: 'active',
    output: undefined,
    error: undefined,
    value: node.phase,
    context: node,
  });
  return {
    getInitialSnapshot: (_scope, node) => snapshotOf(node),
    transition(snapshot, message) {
      if (message.type === 'adopted') return snapshotOf(message.node);
      if (message.type !== 'recorded')
        return { ...snapshot, status: 'stopped', output: undefined } as NodeSnapshot;
      try {
        const value = take(snapshot.context, message.change);
        return value === snapshot.value ? snapshot : snapshotOf(snapshot.context);
      } catch (error) {
        fail(error);
        return snapshot;
      }
    },
    getPersistedSnapshot: (snapshot) => snapshot,
  };
}

/** One started actor for each open node; recorded events go through it. */
export class ActorRuntime implements NodeRuntime {
  readonly #actors = new Map<Node, Actor<NodeLogic>>();
  readonly #parked: Actor<NodeLogic>[] = [];
  readonly #resolvers = new Map<string, ReturnType<typeof startResolver>>();
  #failure: unknown;
  readonly #fail = (error: unknown) => {
    this.#failure = error;
  };
  readonly #logic = nodeLogic(this.#fail);
  /** One message for all: an actor is done with it when `send` returns. */
  readonly #message: { type: 'recorded'; change: NodeChange } = {
    type: 'recorded',
    change: undefined as never,
  };

  /** Number of open nodes with their actors. */
  get size(): number {
    return this.#actors.size;
  }

  start(node: Node): void {
    const parked = this.#parked.pop();
    if (parked === undefined) {
      this.#actors.set(node, createActor(this.#logic, { input: node }).start());
    } else {
      parked.send({ type: 'adopted', node });
      this.#actors.set(node, parked);
    }
  }

  deliver(node: Node, change: NodeChange): void {
    const actor = this.#actors.get(node);
    assert(actor !== undefined, 'the actor of an open node is started');
    this.#message.change = change;
    actor.send(this.#message);
    if (this.#failure !== undefined) this.#raise();
  }

  stop(node: Node): void {
    const actor = this.#actors.get(node);
    if (actor === undefined) return;
    this.#actors.delete(node);
    if (this.#parked.length < PARKED_MAX) this.#parked.push(actor);
    else actor.stop();
  }

  resolver(team: string, event: ContestEvent): void {
    let actor = this.#resolvers.get(team);
    if (actor === undefined) {
      actor = startResolver(this.#fail);
      this.#resolvers.set(team, actor);
    }
    actor.send(event);
    if (this.#failure !== undefined) this.#raise();
  }

  /** What the resolver of a team is doing. */
  resolverState(team: string): ResolverState {
    return (this.#resolvers.get(team)?.getSnapshot().value ?? 'idle') as ResolverState;
  }

  /** The phase as the actor itself shows it. */
  phaseOf(node: Node): Phase | undefined {
    return this.#actors.get(node)?.getSnapshot().value;
  }

  #raise(): never {
    const failure = this.#failure;
    this.#failure = undefined;
    throw failure;
  }
}
