import type { Chance } from '../chance.ts';
import { hostileValue, NUMBERS, TEXTS } from './hostile.ts';
import { Entries, type Slot, slotsOf, type Tree, treeOf } from './tree.ts';

/** The value with `times` things done to it, each at a place of its own. */
export function changeTree(value: unknown, chance: Chance, times: number): Tree {
  const root = { tree: treeOf(value) };
  for (let time = 0; time < times; time += 1) {
    const slots = slotsOf(root);
    change(chance.pick(slots), slots, chance);
  }
  return root.tree;
}

function change(slot: Slot, slots: readonly Slot[], chance: Chance): void {
  switch (chance.upTo(9)) {
    case 0:
    case 1:
    case 2:
      return slot.replace(hostileValue(chance));
    case 3:
      return slot.remove();
    case 4:
      return addField(slot, chance);
    case 5:
      return changeKey(slot, chance);
    case 6:
      return slot.replace(treeOf(chance.pick(slots).value));
    case 7:
      return slot.replace(chance.oneIn(2) ? [slot.value] : new Entries([['a', slot.value]]));
    case 8:
      return repeat(slot, chance);
    default:
      return slot.replace(nudged(slot.value, chance));
  }
}

function addField({ value, replace }: Slot, chance: Chance): void {
  if (value instanceof Entries) value.list.push([chance.pick(TEXTS), hostileValue(chance)]);
  else if (Array.isArray(value)) value.push(hostileValue(chance));
  else replace(hostileValue(chance));
}

function changeKey({ entry, replace }: Slot, chance: Chance): void {
  const pair = entry?.list[entry.index];
  if (pair === undefined) replace(hostileValue(chance));
  else pair[0] = chance.oneIn(3) ? hostileValue(chance) : chance.pick(TEXTS);
}

/** The same key twice, the same item many times. */
function repeat({ value, entry }: Slot, chance: Chance): void {
  const pair = entry?.list[entry.index];
  if (pair !== undefined) {
    entry?.list.push([treeOf(pair[0]), chance.oneIn(2) ? treeOf(pair[1]) : hostileValue(chance)]);
  }
  if (!Array.isArray(value) || value.length === 0) return;
  const [first] = value;
  for (let i = chance.pick([1, 16, 255, 256]); i > 0; i -= 1) value.push(treeOf(first));
}

/** Nearly the same: a number beside it, a text with something on it. */
function nudged(value: Tree, chance: Chance): Tree {
  if (typeof value === 'number') {
    return chance.pick([value + 1, value - 1, -value, value + 0.5, value * 2 ** 40, String(value)]);
  }
  if (typeof value === 'string') {
    return chance.pick([
      value + chance.pick(TEXTS),
      value.slice(0, chance.upTo(value.length)),
      value.toUpperCase(),
      value.repeat(chance.pick([2, 9, 70])),
      Buffer.from(value),
    ]);
  }
  return chance.pick(NUMBERS);
}
