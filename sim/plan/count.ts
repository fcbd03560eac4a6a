import type { Job } from './job.ts';
import type { Plan } from './plan.ts';

/** How many commands a plan means to send: less where steps fall away, more where clients ask again. */
export function commandCount(plan: Pick<Plan, 'jobs'>): number {
  return plan.jobs.reduce((sum, job) => sum + commandsOf(job), 0);
}

function commandsOf(job: Job): number {
  switch (job.kind) {
    case 'call':
    case 'watch':
      return 1;
    case 'work':
      return 1 + job.steps.length;
    case 'hold':
      return 2 + job.reports.length;
    case 'batch':
      return job.commands.length;
    case 'raw':
      return (1 + job.againAfterMs.length) * commandsIn(job.message.content);
    default:
      return job satisfies never;
  }
}

function commandsIn(content: { readonly body: unknown } | { readonly bytes: string }): number {
  if (!('body' in content)) return 1;
  const commands = (content.body as { commands?: unknown } | null)?.commands;
  return Array.isArray(commands) ? Math.max(1, commands.length) : 1;
}
