import { budgetTierOf } from './budgets.ts';
import { WORKLOAD_LIMITS } from './limits.ts';
import type { NodeOutcome, WorkloadOutcome } from './outcome.ts';
import type { SpendPanel, SpendRecorder } from './spend-recorder.ts';

/**
 * The panels of the picture: teams by spend, then swarms by spend, as many as it shows. Of several
 * teams at most half the panels, so that swarms are seen too.
 */
export function drivePanels(outcome: WorkloadOutcome, recorder: SpendRecorder): SpendPanel[] {
  const teams = bySpend(outcome.nodes, 'team');
  const swarms = bySpend(outcome.nodes, 'swarm');
  const { panelsMax } = WORKLOAD_LIMITS;
  const teamCount = Math.max(Math.ceil(panelsMax / 2), panelsMax - swarms.length);
  const shown = [...teams.slice(0, teamCount), ...swarms].slice(0, panelsMax);
  return shown.map(({ path, caps }) =>
    recorder.panel({
      path,
      capMicro: caps['credits'] ?? null,
      marks: outcome.emergencies.filter((seen) => seen.path === path),
    }),
  );
}

function bySpend(nodes: readonly NodeOutcome[], tier: 'team' | 'swarm'): NodeOutcome[] {
  return nodes
    .filter((node) => budgetTierOf(node.path) === tier)
    .sort((a, b) => (b.used['credits'] ?? 0) - (a.used['credits'] ?? 0));
}
