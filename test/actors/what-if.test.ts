import { strict as must } from 'node:assert';
import fc from 'fast-check';
import type { Alternative, Answer } from '../../events/answers.ts';
import type { CommandInput } from '../../events/commands.ts';
import { isDecision } from '../../events/decision-event.ts';
import { suite } from '../harness/suite.ts';
import { playMoves, RUNS } from './histories.ts';
import { QuickRig } from './quick-rig.ts';
import { beginRich, richMoves } from './rich-histories.ts';
import type { TeamRig } from './rig.ts';

const test = suite('actors: what a request would get');
const LIMIT = { timeoutMs: 120_000 };

const begin = () => beginRich(() => new QuickRig());

type Request = Extract<CommandInput, { op: 'request' }>;

/** What may come at once of a request of which a dry run has said so. */
const COMES_TO: Readonly<Record<string, readonly string[]>> = {
  would_grant: ['granted', 'partial'],
  would_queue: ['queued'],
  // With grace 0 the grant follows in the same decision.
  would_preempt: ['preempting', 'granted', 'partial'],
  would_need_approval: ['pendingApproval'],
  denied: ['denied'],
  refused: ['refused'],
};

/** The strategy by which a caller asks for an alternative, whatever else would be done. */
const ASKED_BY: Readonly<Partial<Record<Alternative['kind'], Request['strategy']>>> = {
  preempt: 'preemption_allowed',
  part: 'proportional_sharing',
  wait: 'queue_and_wait',
};

function dryRun(rig: TeamRig, request: Request, agent: string): Answer {
  return rig.decide({ ...request, dryRun: true }, agent).answer;
}

/** Whether an alternative that is offered is had by who asks for it. */
function isHad(rig: TeamRig, request: Request, agent: string, offered: Alternative): boolean {
  const { strategy: _own, ...plain } = request;
  const strategy = ASKED_BY[offered.kind];
  const got = dryRun(rig, strategy === undefined ? plain : { ...plain, strategy }, agent);
  switch (offered.kind) {
    case 'preempt':
      return (
        got.outcome === 'would_preempt' && `${got.victims}` === `${offered.victims ?? 'nobody'}`
      );
    case 'part':
      return got.outcome === 'would_grant' && got.partial;
    case 'wait':
      // Who asks to wait does not where it need not.
      return got.outcome === 'would_queue' || got.outcome === 'would_grant';
    case 'grant':
      return got.outcome === 'would_grant';
    case 'deny':
      return true;
    default:
      return offered.kind satisfies never;
  }
}

/** Of the alternatives one is chosen, and what is offered would be had. */
function checkAlternatives(rig: TeamRig, request: Request, agent: string, dry: Answer): void {
  const { alternatives } = dry as { readonly alternatives?: readonly Alternative[] };
  if (alternatives === undefined) return;
  const say = JSON.stringify([request, dry]);
  must.deepEqual(
    alternatives.filter(({ chosen }) => chosen).map(({ possible }) => possible),
    [true],
    say,
  );
  for (const one of alternatives) {
    if (one.possible && !one.chosen) must.ok(isHad(rig, request, agent, one), `${one.kind} ${say}`);
  }
}

/** Sends what was asked for by a dry run, and holds what comes of it against that. */
function checkDecision(rig: TeamRig, request: Request, agent: string, dry: Answer): void {
  const { answer, events } = rig.decide(request, agent);
  const say = JSON.stringify([request, dry, answer]);
  must.ok(COMES_TO[dry.outcome]?.includes(answer.outcome), say);
  const decision = events.find(isDecision);
  if (decision === undefined || dry.outcome === 'would_need_approval') return;
  const told = dry as { readonly rule?: string; readonly factors?: object };
  must.deepEqual([told.rule, told.factors], [decision.rule, decision.factors], say);
  if (dry.outcome === 'would_grant' && decision.type === 'AllocationGranted') {
    must.deepEqual(dry.granted, { ...decision.items, ...decision.rates }, say);
  }
  if (dry.outcome === 'would_preempt' && decision.type === 'PreemptionRequested') {
    must.deepEqual(dry.victims, decision.victims, say);
  }
  if (dry.outcome === 'would_queue' && answer.outcome === 'queued') {
    must.deepEqual([dry.account, dry.position], [answer.account, answer.position], say);
  }
}

test(
  'S-11 T-21 what a dry run says is what comes of the same request at once; what it offers is had',
  () => {
    fc.assert(
      fc.property(richMoves, (moves) => {
        const rig = begin();
        for (const { afterMs, agent, command } of moves) {
          rig.pass(afterMs);
          if (command.op !== 'request') {
            rig.decide(command, agent);
            continue;
          }
          const dry = dryRun(rig, command, agent);
          checkAlternatives(rig, command, agent, dry);
          checkDecision(rig, command, agent, dry);
        }
      }),
      { numRuns: RUNS || 60 },
    );
  },
  LIMIT,
);

test(
  'O-05 among pools, breakers, levels, reserves and rules too no queue is forgotten',
  () => {
    fc.assert(
      fc.property(richMoves, (moves) => {
        const rig = playMoves(begin(), moves);
        const before = rig.recorded.length;
        // A take-over looks at everything again: it may find nothing that was overlooked.
        const found = rig.takenOver(new QuickRig()).recorded.slice(before);
        must.deepEqual(
          found.map(({ event }) => event),
          [],
        );
      }),
      // The same histories each time; others are looked for by hand.
      RUNS > 0 ? { numRuns: RUNS } : { numRuns: 60, seed: 7 },
    );
  },
  LIMIT,
);

test.run();
