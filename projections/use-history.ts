import { parentPathOf } from '../events/names.ts';
import { PROJECTION_LIMITS } from './limits.ts';

/** Sums of one resource, in its unit. */
export interface ResourceUse {
  /** Held anew, by grants and growth. */
  granted: number;
  /** Given back or spent: granted − returned is what is held. */
  returned: number;
  spent: number;
  /** Of what was held, given back without having been spent. Consumables only. */
  unspent: number;
  /** Spent above what was held. */
  overrun: number;
}

/** How often things happened. */
export interface UseCounts {
  grants: number;
  partials: number;
  denials: number;
  queued: number;
  expired: number;
  preempted: number;
  fenced: number;
}

/** What happened on a node and beneath it in one stretch of time. */
export interface UseBucket extends UseCounts {
  readonly resources: Map<string, ResourceUse>;
}

/** The use of a team, a swarm or a run, with everything beneath it. */
export interface NodeUse {
  readonly path: string;
  /** By number of the bucket; absent where nothing happened. */
  readonly buckets: Map<number, UseBucket>;
  readonly total: UseBucket;
  readonly denialsByReason: Map<string, number>;
  /** Waits that ended in a grant. */
  waits: { count: number; totalMs: number; longestMs: number };
  /** Changes of its own limits, by resource. */
  readonly limits: Map<string, { readonly atMs: number; readonly limit: number | null }[]>;
}

/** Histories of a shard's nodes. Bucket n reaches from n × bucketMs to (n + 1) × bucketMs, ms since 1970. */
export interface UseHistory {
  bucketMs: number;
  /** First and last bucket of all nodes; null before the first event. */
  span: { first: number; last: number } | null;
  readonly nodes: Map<string, NodeUse>;
  /** Runs whose history was given up for newer ones. */
  droppedNodes: number;
}

/** A history in which nothing has happened. */
export function newHistory(): UseHistory {
  return {
    bucketMs: PROJECTION_LIMITS.usageBucketMsFirst,
    span: null,
    nodes: new Map(),
    droppedNodes: 0,
  };
}

/** Team, swarm and run of a path. */
export function nodesOf(state: UseHistory, path: string): NodeUse[] {
  const found: NodeUse[] = [];
  for (let at: string | undefined = path; at !== undefined; at = parentPathOf(at)) {
    if (at.split('/').length > PROJECTION_LIMITS.usageDepthMax) continue;
    found.push(state.nodes.get(at) ?? addNode(state, at));
  }
  return found;
}

function addNode(state: UseHistory, path: string): NodeUse {
  const node: NodeUse = {
    path,
    buckets: new Map(),
    total: newBucket(),
    denialsByReason: new Map(),
    waits: { count: 0, totalMs: 0, longestMs: 0 },
    limits: new Map(),
  };
  state.nodes.set(path, node);
  if (state.nodes.size > PROJECTION_LIMITS.usageNodesMax) dropOldestRun(state);
  return node;
}

function dropOldestRun(state: UseHistory): void {
  for (const path of state.nodes.keys()) {
    if (path.split('/').length < PROJECTION_LIMITS.usageDepthMax) continue;
    state.nodes.delete(path);
    state.droppedNodes += 1;
    return;
  }
}

/** The bucket of a node at a time; all buckets widen where the span becomes too long. */
export function bucketOf(state: UseHistory, node: NodeUse, atMs: number): UseBucket {
  let index = Math.floor(atMs / state.bucketMs);
  state.span ??= { first: index, last: index };
  state.span.last = Math.max(state.span.last, index);
  while (state.span.last - state.span.first >= PROJECTION_LIMITS.usageBucketsMax) widen(state);
  index = Math.floor(atMs / state.bucketMs);
  let bucket = node.buckets.get(index);
  if (bucket === undefined) {
    bucket = newBucket();
    node.buckets.set(index, bucket);
  }
  return bucket;
}

/** Doubles the width of all buckets: two become one. */
function widen(state: UseHistory): void {
  state.bucketMs *= 2;
  const { first, last } = state.span ?? { first: 0, last: 0 };
  state.span = { first: Math.floor(first / 2), last: Math.floor(last / 2) };
  for (const node of state.nodes.values()) {
    const narrow = [...node.buckets];
    node.buckets.clear();
    for (const [index, bucket] of narrow) {
      const wide = node.buckets.get(Math.floor(index / 2));
      if (wide === undefined) node.buckets.set(Math.floor(index / 2), bucket);
      else merge(wide, bucket);
    }
  }
}

function merge(into: UseBucket, from: UseBucket): void {
  for (const key of COUNTS) into[key] += from[key];
  for (const [resource, use] of from.resources) {
    const sum = useOf(into, resource);
    for (const key of USES) sum[key] += use[key];
  }
}

const COUNTS = [
  'grants',
  'partials',
  'denials',
  'queued',
  'expired',
  'preempted',
  'fenced',
] as const satisfies readonly (keyof UseCounts)[];
const USES = [
  'granted',
  'returned',
  'spent',
  'unspent',
  'overrun',
] as const satisfies readonly (keyof ResourceUse)[];

/** The sums of a resource in a bucket, made when they are first needed. */
export function useOf(bucket: UseBucket, resource: string): ResourceUse {
  let use = bucket.resources.get(resource);
  if (use === undefined) {
    use = { granted: 0, returned: 0, spent: 0, unspent: 0, overrun: 0 };
    bucket.resources.set(resource, use);
  }
  return use;
}

function newBucket(): UseBucket {
  return {
    grants: 0,
    partials: 0,
    denials: 0,
    queued: 0,
    expired: 0,
    preempted: 0,
    fenced: 0,
    resources: new Map(),
  };
}
