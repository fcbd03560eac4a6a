import { drawFreeze, drawStop } from './alarms.ts';
import { drawApproval } from './approvals.ts';
import { drawBatch } from './batches.ts';
import { drawBranches } from './branches.ts';
import { drawBreaker } from './breakers.ts';
import { drawDistribute } from './distributing.ts';
import type { Draw } from './draw.ts';
import {
  drawAdjust,
  drawCharge,
  drawClose,
  drawEnrol,
  drawOpen,
  drawSetLimits,
  drawTopUp,
} from './governing.ts';
import { drawReserve, drawTransfer } from './ledgering.ts';
import { drawSetPolicy } from './policies.ts';
import { drawRaw } from './raw.ts';
import { drawRead, drawWatch } from './reading.ts';
import { EVEN, type Leaning } from './requests.ts';
import type { JobDraft, Scene } from './scene.ts';
import { drawTimed } from './windows.ts';
import { drawHold, drawWork } from './work.ts';
import { drawCancel, drawDryRun, drawWrong } from './wrong.ts';

/** Plans one thing that somebody does, with what belongs to it. */
export type Maker = (scene: Scene, atMs: number) => JobDraft[];

/** What a plan is about: how often each kind of thing is done, and how requests are drawn. */
export interface Theme {
  readonly name: string;
  readonly leaning: Leaning;
  readonly makers: readonly (readonly [weight: number, Maker])[];
}

const work =
  (leaning: Leaning): Maker =>
  (scene, atMs) => [drawWork(scene, atMs, leaning)];
const hold =
  (leaning: Leaning): Maker =>
  (scene, atMs) => [drawHold(scene, atMs, leaning)];

/** How often what is done by others than workers is done, by name. */
type Weights = Partial<
  Record<
    | 'work'
    | 'hold'
    | 'batch'
    | 'setLimits'
    | 'topUp'
    | 'timed'
    | 'transfer'
    | 'distribute'
    | 'approve'
    | 'reserve'
    | 'charge'
    | 'adjust'
    | 'freeze'
    | 'stop'
    | 'breaker'
    | 'close'
    | 'open'
    | 'branches'
    | 'enrol'
    | 'setPolicy'
    | 'read'
    | 'watch'
    | 'wrong'
    | 'dryRun'
    | 'cancel'
    | 'raw',
    number
  >
>;

const USUAL: Weights = {
  work: 90,
  hold: 12,
  batch: 6,
  setLimits: 4,
  topUp: 4,
  timed: 6,
  transfer: 3,
  distribute: 3,
  approve: 8,
  reserve: 4,
  charge: 5,
  adjust: 5,
  freeze: 3,
  stop: 2,
  breaker: 2,
  close: 2,
  open: 4,
  branches: 2,
  enrol: 1,
  setPolicy: 3,
  read: 14,
  watch: 1,
  wrong: 16,
  dryRun: 8,
  cancel: 5,
  raw: 24,
};

function theme(name: string, leaning: Partial<Leaning>, weights: Weights): Theme {
  const all = { ...USUAL, ...weights };
  const full = { ...EVEN, ...leaning };
  const makers: Record<keyof typeof all, Maker> = {
    work: work(full),
    hold: hold(full),
    batch: drawBatch,
    setLimits: drawSetLimits,
    topUp: drawTopUp,
    timed: drawTimed,
    transfer: drawTransfer,
    distribute: drawDistribute,
    approve: drawApproval,
    reserve: drawReserve,
    charge: drawCharge,
    adjust: drawAdjust,
    freeze: drawFreeze,
    stop: drawStop,
    breaker: drawBreaker,
    close: drawClose,
    open: drawOpen,
    branches: drawBranches,
    enrol: drawEnrol,
    setPolicy: drawSetPolicy,
    read: drawRead,
    watch: drawWatch,
    wrong: drawWrong,
    dryRun: drawDryRun,
    cancel: drawCancel,
    raw: drawRaw,
  };
  const names = Object.keys(makers) as (keyof typeof makers)[];
  return { name, leaning: full, makers: names.map((one) => [all[one] ?? 0, makers[one]] as const) };
}

const SCARCE = { consumable: 12, tool: 8, capacity: 30, slot: 40, bundle: 10 };

const THEMES: readonly (readonly [weight: number, Theme])[] = [
  [30, theme('a bit of everything', {}, {})],
  [
    12,
    theme('queues', { waitPermille: 850, kinds: SCARCE }, { cancel: 10, topUp: 8, setLimits: 8 }),
  ],
  [
    12,
    theme(
      'preemption',
      { waitPermille: 500, priorityPermille: 850, strategyPermille: 350, kinds: SCARCE },
      { hold: 30, setPolicy: 6 },
    ),
  ],
  [
    8,
    theme('emergencies', { priorityPermille: 700 }, { freeze: 14, stop: 14, watch: 4, hold: 30 }),
  ],
  [
    8,
    theme(
      'a changing tree',
      {},
      { open: 20, branches: 16, close: 12, setLimits: 16, topUp: 12, enrol: 4 },
    ),
  ],
  [8, theme('windows', { waitPermille: 400 }, { timed: 40, charge: 20, adjust: 20, hold: 20 })],
  [8, theme('books', { waitPermille: 150 }, { charge: 24, adjust: 24, topUp: 10 })],
  [8, theme('wrong input', {}, { wrong: 60, raw: 60, work: 60 })],
  [8, theme('repeats', {}, { raw: 90, batch: 20 })],
  [8, theme('reserved and lent', {}, { reserve: 24, transfer: 16, setLimits: 12, hold: 20 })],
  [6, theme('pools', { waitPermille: 700, poolsPermille: 600 }, { setPolicy: 6, setLimits: 8 })],
  [8, theme('divided budgets', { waitPermille: 350 }, { distribute: 40, setLimits: 8, open: 8 })],
  [
    10,
    theme(
      'breakers',
      { waitPermille: 450, kinds: SCARCE },
      { breaker: 16, setPolicy: 12, hold: 20 },
    ),
  ],
  [6, theme('policies', { strategyPermille: 300 }, { setPolicy: 16, approve: 40, dryRun: 16 })],
];

export function drawTheme(draw: Draw): Theme {
  return draw.weighted(THEMES);
}
