import type { Fault } from '../plan/fault.ts';
import type { Job } from '../plan/job.ts';
import type { Plan } from '../plan/plan.ts';

/** A plan as a person reads it: what happens when, jobs and faults together. */
export function historyText(plan: Plan): string {
  const { world, rates, jobs, faults } = plan;
  const lines = [
    ...jobs.map((job) => ({ atMs: job.atMs, text: jobText(job) })),
    ...faults.map((fault) => ({ atMs: fault.atMs, text: faultText(fault) })),
  ].sort((a, b) => a.atMs - b.atMs);
  return [
    `seed ${plan.seed}, ${plan.theme}: ${jobs.length} jobs, ${faults.length} faults`,
    `  world ${JSON.stringify(world)}`,
    `  rates ${JSON.stringify(rates)}`,
    ...lines.map(({ atMs, text }) => `  ${(atMs / 1000).toFixed(3).padStart(9)} s  ${text}`),
  ].join('\n');
}

function jobText({ no, atMs: _atMs, agent, team, kind, ...what }: Job): string {
  return `#${no} ${agent} of ${team}: ${kind} ${JSON.stringify(what)}`;
}

function faultText({ no, atMs: _atMs, kind, ...what }: Fault): string {
  return `!${no} ${kind} ${JSON.stringify(what)}`;
}
