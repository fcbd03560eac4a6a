import { LIMITS } from '../events/limits.ts';
import type { Policy } from '../events/policy.ts';
import { reserveKey } from '../events/reserve-rules.ts';
import { BUILT_IN_RESOURCES, resourceTypeOf } from '../events/resources.ts';
import type { Note } from './check-meaning.ts';

const SEVERITIES = ['notice', 'warning', 'critical', 'exhausted'];

/** Each rung has to lie above the one before it, and let go below where it takes hold. */
export function checkLadder({ ladder }: Policy, note: Note): void {
  for (const [i, { kind, onPermille, offPermille }] of ladder.entries()) {
    if (offPermille >= onPermille) {
      const message = `re-arms at ${offPermille}, which is not below ${onPermille}`;
      note('error', ['ladder', i, 'offPermille'], message, `Write less than ${onPermille}.`);
    }
    const before = ladder[i - 1];
    if (before === undefined) continue;
    if (onPermille <= before.onPermille) {
      const message = `fires at ${onPermille}, no later than the rung before it`;
      const advice = 'List the rungs from the lowest to the highest.';
      note('error', ['ladder', i, 'onPermille'], message, advice);
    }
    if (SEVERITIES.indexOf(kind) < SEVERITIES.indexOf(before.kind)) {
      const message = `${kind} is milder than ${before.kind}, and comes after it`;
      note('warning', ['ladder', i, 'kind'], message, 'Let rungs get worse on the way up.');
    }
  }
}

/** Fields that have no effect beside others, and amounts that exclude each other. */
export function checkValues(policy: Policy, given: ReadonlySet<string>, note: Note): void {
  const { queueing, preemption, rules, settleMax, overrunMax } = policy;
  for (const field of ['backfill', 'sharing'] as const) {
    if (queueing === 'default' || !given.has(field)) continue;
    const message = `${field} has no effect with \`queueing: ${queueing}\``;
    note('warning', [field], message, 'Leave it out, or choose `queueing: default`.', true);
  }
  if (given.has('approvalMs') && !rules.some(({ effect }) => effect === 'approve')) {
    const message = 'no rule asks for an approval, so nothing waits so long';
    note('warning', ['approvalMs'], message, 'Leave it out, or add a rule to `rules`.', true);
  }
  if (preemption.minRuntimeMs > LIMITS.leaseMsMax) {
    const message = 'is longer than any lease, so nobody can ever be evicted';
    note('warning', ['preemption', 'minRuntimeMs'], message, 'Write `withinNode: never` for that.');
  }
  for (const [resource, most] of Object.entries(overrunMax ?? {})) {
    const settled = settleMax?.[resource];
    if (settled === undefined || most < settled) continue;
    const message = `is never reached: a settle above ${settled} is not booked at all`;
    note('warning', ['overrunMax', resource], message, `Write less than ${settled}.`);
  }
  checkResources(policy, note);
  checkReserves(policy, note);
  checkShedding(policy, note);
}

function checkResources(policy: Policy, note: Note): void {
  const { resources, bounds, pools, settleMax, overrunMax } = policy;
  for (const name of Object.keys(pools)) {
    const type = resourceTypeOf(name, resources);
    if (type === undefined || type.class === 'capacity') continue;
    const message = `${name} is a ${type.class}, and only a capacity can be a pool`;
    note('error', ['pools', name], message, 'Name a capacity, such as pool.NAME.', true);
  }
  for (const name of Object.keys(resources)) {
    if (!Object.hasOwn(BUILT_IN_RESOURCES, name)) continue;
    note('warning', ['resources', name], `every team has ${name}`, 'Leave it out.', true);
  }
  for (const [field, amounts] of Object.entries({ settleMax, overrunMax })) {
    for (const name of Object.keys(amounts ?? {})) {
      const type = resourceTypeOf(name, resources);
      if (type === undefined || type.class === 'consumable') continue;
      const message = `${name} is a ${type.class}: no use of it is ever booked as spent`;
      note('warning', [field, name], message, 'Leave it out.', true);
    }
  }
  for (const [name, amount] of Object.entries(bounds)) {
    if (amount <= 1 || !resourceTypeOf(name, resources)?.exclusive) continue;
    const message = `${name} is exclusive: nobody can have ${amount} of it`;
    note('error', ['bounds', name], message, 'Write 1.');
  }
}

/** What cannot be kept for emergencies; the writer refuses it too. */
function checkReserves({ reserves, resources }: Policy, note: Note): void {
  for (const key of Object.keys(reserves)) {
    const { resource } = reserveKey(key);
    const type = resourceTypeOf(resource, resources);
    if (type !== undefined && type.class !== 'rate' && !type.exclusive) continue;
    const what = type === undefined ? 'in no registry' : type.exclusive ? 'exclusive' : 'a rate';
    const advice = 'Keep a reserve of a consumable or of a capacity that several hold.';
    note('error', ['reserves', key], `${resource} is ${what}: no part of it can be kept`, advice);
  }
}

/** What is never under pressure in the sense of shedding: nothing of it comes back, or all at once. */
function checkShedding({ shedding, resources }: Policy, note: Note): void {
  for (const name of Object.keys(shedding)) {
    const type = resourceTypeOf(name, resources);
    if (type?.class === 'capacity' && !type.exclusive) continue;
    const what = type === undefined ? 'in no registry' : type.exclusive ? 'exclusive' : type.class;
    note(
      'warning',
      ['shedding', name],
      `${name} is ${what}: nothing of it is shed`,
      'Leave it out.',
      true,
    );
  }
}
