import type { Plan } from '../plan/plan.ts';
import type { World } from '../world/world.ts';
import type { Exchange } from './exchanges.ts';

export function cellsOf(_plan: Plan, _world: World, _exchanges: readonly Exchange[]): string[] {
  return [];
}
