import { strict as assert } from 'node:assert';
import { type ActorLogic, type AnyEventObject, createActor, type Snapshot } from 'xstate';
import type { Node, Phase } from './node.ts';
import type { NodeChange } from './node-change.ts';
import { type ResolverState, startResolver } from './resolver-machine.ts';
import { type ContestEvent, type NodeRuntime, take } from './runtime.ts';

/** What the actor of a node shows. The node itself is its context, changed in place. */
type NodeSnapshot = Snapshot<undefined> & { readonly value: Phase; readonly context: Node };
type NodeMessage = AnyEventObject & { readonly type: 'recorded'; readonly change: NodeChange };

/**
 * XState's own extension point, one logic for all tiers: the phase comes from the tier's machine
 * (machines.ts), the books from the shared arithmetic. A machine actor would do the same at eight
 * times the price.
 */
const nodeLogic: ActorLogic<NodeSnapshot, NodeMessage, Node> = {
  getInitialSnapshot: (_scope, node) => ({
    status: 'active',
    output: undefined,
    error: undefined,
    value: node.phase,
    context: node,
  }),
  transition(snapshot, message) {
    const value = take(snapshot.context, message.change);
    if (value === snapshot.value) return snapshot;
    const status = value === 'closed' ? 'done' : 'active';
    return { ...snapshot, status, value } as NodeSnapshot;
  },
  getPersistedSnapshot: (snapshot) => snapshot,
};

/** Started actors by node; events go through them. */
export class ActorRuntime implements NodeRuntime {
  readonly #actors = new Map<Node, ReturnType<typeof createActor<typeof nodeLogic>>>();
  readonly #resolvers = new Map<string, ReturnType<typeof startResolver>>();
  #failure: unknown;
  readonly #observer = {
    // XState holds a throw in a transition back and kills the process later; it is raised here.
    error: (error: unknown) => {
      this.#failure = error;
    },
  };
  readonly #message: { type: 'recorded'; change: NodeChange } = {
    type: 'recorded',
    change: undefined as never,
  };

  /** Number of live actors. */
  get size(): number {
    return this.#actors.size;
  }

  start(node: Node): void {
    const actor = createActor(nodeLogic, { input: node });
    actor.subscribe(this.#observer);
    actor.start();
    this.#actors.set(node, actor);
  }

  deliver(node: Node, change: NodeChange): void {
    const actor = this.#actors.get(node);
    assert(actor !== undefined, `the actor of ${node.path} is started`);
    this.#message.change = change;
    actor.send(this.#message);
    if (this.#failure !== undefined) {
      const failure = this.#failure;
      this.#failure = undefined;
      throw failure;
    }
  }

  stop(node: Node): void {
    this.#actors.get(node)?.stop();
    this.#actors.delete(node);
  }

  resolver(team: string, event: ContestEvent): void {
    let actor = this.#resolvers.get(team);
    if (actor === undefined) {
      actor = startResolver(this.#observer.error);
      this.#resolvers.set(team, actor);
    }
    actor.send(event);
  }

  /** What the resolver of a team is doing. */
  resolverState(team: string): ResolverState {
    return (this.#resolvers.get(team)?.getSnapshot().value ?? 'idle') as ResolverState;
  }

  /** The phase as the actor itself shows it. */
  phaseOf(node: Node): Phase | undefined {
    return this.#actors.get(node)?.getSnapshot().value;
  }
}
