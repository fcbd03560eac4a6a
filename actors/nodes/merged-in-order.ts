/**
 * The items of some ordered lists in one order, taken from them only as far as they are asked for.
 * An item that is in several comes as often, one after the other. For few lists: each step looks at
 * the head of every list.
 */
export function* mergedInOrder<Item>(
  lists: readonly Iterable<Item>[],
  compare: (a: Item, b: Item) => number,
): Generator<Item> {
  const heads: { item: Item; readonly rest: Iterator<Item> }[] = [];
  for (const list of lists) {
    const rest = list[Symbol.iterator]();
    const first = rest.next();
    if (first.done !== true) heads.push({ item: first.value, rest });
  }
  while (heads.length > 0) {
    let least = 0;
    for (let at = 1; at < heads.length; at += 1) {
      if (compare(itemAt(heads, at), itemAt(heads, least)) < 0) least = at;
    }
    const head = heads[least] as (typeof heads)[number];
    yield head.item;
    const next = head.rest.next();
    if (next.done === true) heads.splice(least, 1);
    else head.item = next.value;
  }
}

function itemAt<Item>(heads: readonly { readonly item: Item }[], at: number): Item {
  return (heads[at] as { readonly item: Item }).item;
}
