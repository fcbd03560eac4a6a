import type { CommandInput } from '../../events/commands.ts';
import { given, type TeamRig } from './rig.ts';

type InputOf<Op extends CommandInput['op']> = Extract<CommandInput, { op: Op }>;
type Items = Readonly<Record<string, number | { amount?: number; min?: number }>>;
/** Limits as numbers, or with what else is set of an account. */
type Limits = Readonly<Record<string, number | NonNullable<InputOf<'open'>['limits']>[string]>>;
type More<Op extends CommandInput['op']> = Partial<Omit<InputOf<Op>, 'op'>>;

/** The run in which most tests ask; its steps open themselves. */
export const RUN = 'acme/lab/run';
export const STEP = `${RUN}/step`;

/** `{credits: 5}` or `{credits: {amount: 5, min: 1}}` as items of a request. */
function itemsOf(items: Items): InputOf<'request'>['items'] {
  return Object.fromEntries(
    Object.entries(items).map(([resource, item]) => [
      resource,
      typeof item === 'number' ? { amount: item } : item,
    ]),
  );
}

/** A request on the step of the usual run. */
export function ask(id: string, items: Items, more: More<'request'> = {}): InputOf<'request'> {
  return { op: 'request', id, path: STEP, items: itemsOf(items), ...more };
}

export function settle(
  allocation: string,
  actual: InputOf<'settle'>['actual'],
  more: More<'settle'> = {},
): InputOf<'settle'> {
  return { op: 'settle', allocation, actual, ...more };
}

export function release(allocation: string, more: More<'release'> = {}): InputOf<'release'> {
  return { op: 'release', allocation, ...more };
}

/** Opens a node; limits as numbers, or as `{limit, guarantee}`. */
export function open(path: string, limits: Limits = {}, more: More<'open'> = {}): InputOf<'open'> {
  return { op: 'open', path, limits: limitsOf(limits), ...more };
}

export function setLimits(
  path: string,
  limits: Limits,
  more: More<'setLimits'> = {},
): InputOf<'setLimits'> {
  return { op: 'setLimits', path, limits: limitsOf(limits), ...more };
}

function limitsOf(limits: Limits): NonNullable<InputOf<'open'>['limits']> {
  return Object.fromEntries(
    Object.entries(limits).map(([resource, limit]) => [
      resource,
      typeof limit === 'number' ? { limit } : limit,
    ]),
  );
}

/** Sets the team's policy; what is not named has its default, but that no thresholds are told. */
export function policy(fields: InputOf<'setPolicy'>['policy']): InputOf<'setPolicy'> {
  return { op: 'setPolicy', path: 'acme', policy: { ladder: [], ...fields } };
}

/** An agent that may act in the whole team and claim any priority. */
export function enrol(agent: string, more: More<'enrol'> = {}): InputOf<'enrol'> {
  return { op: 'enrol', agent, role: 'agent', prefix: 'acme', priorityMax: 'emergency', ...more };
}

/**
 * acme (1,000 credits, 4 slots) > lab > run, and the agents ann and bob who may claim any
 * priority.
 */
export function givenLab(...more: readonly CommandInput[]): TeamRig {
  return given(...LAB, ...more);
}

export const LAB: readonly CommandInput[] = [
  open('acme', { credits: 1_000, concurrency: 4 }),
  open('acme/lab'),
  open(RUN),
  enrol('ann'),
  enrol('bob'),
  policy({}),
];
