import type { Plan } from '../plan/plan.ts';
import { MUTANTS_OF_SAFEGUARDS } from './mutants-of-safeguards.ts';
import { MUTANTS_OF_SCARCITY } from './mutants-of-scarcity.ts';

/** One place in the source, as it is and as the mutant has it. */
export interface Edit {
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
}

/** A deliberate bug. The simulator is worth what it finds of them. */
export interface Mutant {
  readonly name: string;
  /** What is wrong with it, for people. */
  readonly says: string;
  /** As violations begin or name it: by one of these it has to be found; absent: by any rule. */
  readonly breaks?: readonly string[];
  readonly edits: readonly Edit[];
  /** A run that shows it, where seeds do so seldom: it is run in place of them. */
  readonly drill?: Plan;
}

/** Bugs that a budget governor must not have, one rule each. */
export const MUTANTS: readonly Mutant[] = [
  {
    name: 'no-fence',
    says: 'appends carry neither of the two fence headers: whoever writes is stored',
    edits: [
      {
        file: 'events/append-protocol.ts',
        find: 'expectedEpochSeq: claim.epochSeq,\n      expectedSeq: request.expectedSeq,',
        replace: 'expectedEpochSeq: (await transport.lastEpoch(shard))?.seq ?? 0,',
      },
    ],
  },
  {
    name: 'answer-before-ack',
    says: 'an answer leaves before its block is durable',
    edits: [
      {
        file: 'writer/answer-desk.ts',
        find: 'if (barrier !== undefined) {',
        replace: 'if (barrier !== undefined && barrier.seq < 0) {',
      },
    ],
  },
  {
    name: 'tombstone-ignored',
    says: 'a late settle is booked although the allocation was settled before',
    edits: [
      {
        file: 'actors/allocations/decide-settle.ts',
        find: 'if (tomb.isSettled) {',
        replace: 'if (tomb.isSettled && tomb.digest === ctx.digest) {',
      },
      {
        file: 'actors/allocations/evolve-allocation.ts',
        find: 'tomb !== undefined && !tomb.isSettled,',
        replace: 'tomb !== undefined,',
      },
    ],
  },
  {
    name: 'settle-capped',
    says: 'what was used beyond the hold is not booked',
    edits: [
      {
        file: 'actors/allocations/decide-settle.ts',
        find: "      booked[resource] = stated;\n    }\n  }\n  if (actual !== 'unknown') {",
        replace:
          "      booked[resource] = Math.min(stated, held[resource] ?? 0);\n    }\n  }\n  if (actual !== 'unknown') {",
      },
    ],
  },
  {
    name: 'expiry-late',
    says: 'what is due at an instant is recorded only after it (< for <=)',
    edits: [
      {
        file: 'writer/deciding.ts',
        find: 'while (state.timers.nextAtMs <= nowMs &&',
        replace: 'while (state.timers.nextAtMs < nowMs &&',
      },
    ],
  },
  {
    name: 'tier-skipped',
    says: 'the limit of the swarm is not asked',
    breaks: ['INV-1', 'INV-2'],
    edits: [
      {
        file: 'actors/accounts/admission.ts',
        find: '      const account = node.accounts.get(resource);\n      if (account === undefined) continue;\n      const committed = overlay === undefined ? account.committed : overlay.committedOf(account);\n      if (account.limit !== null && needed',
        replace:
          "      const account = node.accounts.get(resource);\n      if (account === undefined || node.tier === 'swarm') continue;\n      const committed = overlay === undefined ? account.committed : overlay.committedOf(account);\n      if (account.limit !== null && needed",
      },
    ],
  },
  {
    name: 'unused-kept',
    says: 'what was held and not used is booked as spent',
    edits: [
      {
        file: 'actors/allocations/decide-settle.ts',
        find: "      booked[resource] = stated;\n    }\n  }\n  if (actual !== 'unknown') {",
        replace:
          "      booked[resource] = Math.max(stated, held[resource] ?? 0);\n    }\n  }\n  if (actual !== 'unknown') {",
      },
    ],
  },
  {
    name: 'id-after-decide',
    says: 'a repeated request is decided anew before its id is looked up',
    edits: [
      {
        file: 'actors/repeat.ts',
        find: "if (id === undefined || ('dryRun' in command && command.dryRun)) return undefined;",
        replace: "if (id === undefined || command.op === 'request') return undefined;",
      },
    ],
  },
  {
    name: 'queue-asleep',
    says: 'the queue is not looked at when something is released',
    edits: [{ file: 'actors/accounts/climb.ts', find: "  'ended',\n", replace: '' }],
  },
  {
    name: 'victim-robbed',
    says: 'what a victim releases goes to whoever heads the queue, not to whom it yields for',
    edits: [
      {
        file: 'actors/allocations/evolve-allocation.ts',
        find: 'if (allocation.yieldsTo !== null) team.agenda.collects.add(allocation.yieldsTo);',
        replace: '',
      },
      {
        file: 'actors/queue/wait-queue.ts',
        find: "return a.state === 'preempting' ? -1 : 1;",
        replace: "return a.state === 'preempting' ? 1 : -1;",
      },
    ],
  },
  ...MUTANTS_OF_SCARCITY,
  ...MUTANTS_OF_SAFEGUARDS,
];
