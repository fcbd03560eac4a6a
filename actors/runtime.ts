import type { EventOf } from '../events/events.ts';
import { phaseAfter } from './nodes/machines.ts';
import type { Node, Phase } from './nodes/node.ts';
import { applyChange, type NodeChange } from './nodes/node-change.ts';

/** How recorded events reach nodes: through their actors, or by the plain fold. Both end alike. */
export interface NodeRuntime {
  /** A node has been opened; its actor starts. */
  start(node: Node): void;
  /** Hands a recorded event to one node. Throws where its machine does not allow it. */
  deliver(node: Node, change: NodeChange): void;
  /** The node is closed and leaves memory. */
  stop(node: Node): void;
  /** Hands an event of a contest to the resolver of a team. */
  resolver(team: string, event: ContestEvent): void;
}

/** The events that move a resolver. */
export type ContestEvent = EventOf<
  | 'ContentionDetected'
  | 'StrategySelected'
  | 'ContestEnded'
  | 'AllocationGranted'
  | 'RequestDenied'
  | 'RequestQueued'
  | 'PreemptionRequested'
>;

/** A recorded event that the machine of a node does not allow: the log or the code is wrong. */
export class IllegalTransitionError extends Error {
  readonly code = 'illegal_transition';
  readonly retryable = false;
  constructor(node: Node, change: NodeChange) {
    super(
      `INV: ${change.event.type} (${change.kind}) is not legal for ${node.tier} ${node.path} while ${node.phase}`,
    );
    this.name = 'IllegalTransitionError';
  }
}

/** Moves a node by a recorded event: phase by its machine, books by the shared arithmetic. */
export function take(node: Node, change: NodeChange): Phase {
  const next = phaseAfter(node, change.kind);
  if (next === undefined) throw new IllegalTransitionError(node, change);
  applyChange(node, change);
  node.phase = next;
  return next;
}

/** The plain fold: for projections and bulk replay. */
export const plainRuntime: NodeRuntime = {
  start() {},
  deliver(node, change) {
    // An ancestor's phase never changes by what happens beneath it.
    take(node, change);
  },
  stop() {},
  resolver() {},
};
