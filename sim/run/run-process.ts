import { serveParent } from '../../host/child.ts';
import { makePlan } from '../plan/make-plan.ts';
import type { Plan } from '../plan/plan.ts';
import { runPlan } from './run-plan.ts';

serveParent(
  {
    seed: ({ seed }: { readonly seed: number }) => runPlan(makePlan(seed)),
    plan: ({ plan }: { readonly plan: Plan }) => runPlan(plan),
  },
  async () => {},
);
