import { allocations } from './allocations.ts';
import { auditTrail } from './audit-trail.ts';
import { balances } from './balances.ts';
import { emergencies } from './emergencies.ts';
import { places } from './places.ts';
import type { Projection } from './projection.ts';
import { queue } from './queue.ts';
import { usage } from './usage.ts';

/** All projections, by name: what a projector process keeps. */
export const ALL_PROJECTIONS: readonly Projection<unknown>[] = [
  balances,
  allocations,
  queue,
  emergencies,
  usage,
  auditTrail,
  places,
];
