import type { z } from 'zod';
import type { Policy } from '../events/policy.ts';

/** A policy as people write it: what is left out has its default. */
export type PolicyFields = z.input<typeof Policy>;

/** Names of the presets, from none to strictest, the loose one last. */
export const PRESET_NAMES = ['default', 'guarded', 'strict', 'lab'] as const;
export type PresetName = (typeof PRESET_NAMES)[number];

/** A policy to begin with. */
export interface Preset {
  /** For whom it is, in a line. */
  readonly summary: string;
  /** It has rules for the team's own node, so that it cannot be had without a name. */
  readonly needsTeam?: true;
  /** Its fields for a team of this name; those left out have their defaults. */
  readonly fieldsFor: (team: string) => PolicyFields;
}

/** 1 credit is 1 USD is so many microcredits. */
const CREDIT = 1_000_000;

const MINUTE_MS = 60_000;

const guarded: PolicyFields = {
  // Two hours are enough for somebody to top up, or to stop what runs away.
  forecast: { horizonMs: 120 * MINUTE_MS, windowMs: 60 * MINUTE_MS, leastSamples: 10 },
  degradation: {
    levels: [
      { partialPermilleMax: 750, modelHint: 'prefer smaller models' },
      { admit: 'normal', partialPermilleMax: 500, newRuns: false, refused: 'queue' },
      { admit: 'critical', newRuns: false, reserve: true },
      { admit: 'emergency', newRuns: false, reserve: true },
    ],
    dwellMs: MINUTE_MS,
  },
  // Not all at once when the money is back: in forty seconds everybody is served.
  recovery: { startPermille: 250, stepPermille: 250, everyMs: 10_000 },
  // What was divided over children follows their demand, but not at every breath.
  rebalance: { resources: ['credits'], deadZonePermille: 100, everyMs: 5 * MINUTE_MS },
  // A settle that is so far above its hold is a fault of somebody, not bad luck.
  overrunMax: { credits: 5 * CREDIT },
  preemption: { minRuntimeMs: 1_000 },
  // Before memory is full its holders are asked for some of it back.
  shedding: { memory: { onPermille: 950, offPermille: 850, graceMs: 5_000 } },
  // What everybody waits for is too small, or somebody sits on it.
  queueAges: [{ resource: '*', warningMs: MINUTE_MS, criticalMs: 5 * MINUTE_MS }],
  // A tool that fails is left alone for a while, longer each time that it fails again.
  breakers: [
    {
      resource: 'tool.*',
      failures: 5,
      windowMs: MINUTE_MS,
      openMs: MINUTE_MS / 2,
      openMsMax: 10 * MINUTE_MS,
    },
  ],
  // What is urgent can go on when ordinary work has used the rest.
  reserves: { credits: { permille: 100 } },
};

/** What teams begin with: `preset: guarded` in a policy file, then the differences. */
export const PRESETS: Readonly<Record<PresetName, Preset>> = {
  default: {
    summary: 'every field as it is where no policy was ever set',
    fieldsFor: () => ({}),
  },
  guarded: {
    summary: 'production: warned early, kept from running dry, back to full slowly',
    fieldsFor: () => guarded,
  },
  strict: {
    summary: 'where every unit is accounted for: nothing promised twice, large asks approved',
    needsTeam: true,
    fieldsFor: (team) => ({
      ...guarded,
      // Who was given what is said by whoever divides it.
      rebalance: null,
      overcommit: 'refuse',
      autoOpen: 'steps',
      priorityMax: 'normal',
      backfill: 'none',
      overrunMax: { credits: CREDIT },
      settleMax: { credits: 100 * CREDIT },
      rules: [
        { name: 'large', path: team, resource: 'credits', above: 10 * CREDIT, effect: 'approve' },
        { name: 'huge', path: team, resource: 'credits', above: 100 * CREDIT, effect: 'deny' },
      ],
    }),
  },
  lab: {
    summary: 'experiments: runs open themselves, everybody may be urgent, only exhaustion is told',
    fieldsFor: () => ({
      autoOpen: 'runs',
      priorityMax: 'critical',
      aging: { intervalMs: 2_000, step: 20 },
      ladder: [{ kind: 'exhausted', onPermille: 1_000, offPermille: 990 }],
    }),
  },
};
