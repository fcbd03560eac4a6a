/**
 * Values as they are to be written, more than a codec of ours would write: maps with the same key
 * twice or with keys that are no strings, and bytes that are written as they are.
 */
export type Tree = Leaf | Literal | Entries | Tree[];
export type Leaf = null | undefined | boolean | number | bigint | string | Uint8Array;

/** Written as it is, whether or not that is a value. */
export class Literal {
  readonly msgpack: Uint8Array;
  /** The same mischief in JSON. */
  readonly json: string;

  constructor(msgpack: readonly number[] | Uint8Array, json = 'null') {
    this.msgpack = Uint8Array.from(msgpack);
    this.json = json;
  }
}

/** A map, in order. */
export class Entries {
  readonly list: [key: Tree, value: Tree][];

  constructor(list: [key: Tree, value: Tree][]) {
    this.list = list;
  }
}

/** Plain data as a tree of its own, which may be changed. */
export function treeOf(value: unknown): Tree {
  if (value instanceof Literal) return value;
  if (value instanceof Entries) {
    return new Entries(value.list.map(([key, item]) => [treeOf(key), treeOf(item)]));
  }
  if (Array.isArray(value)) return value.map(treeOf);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) {
    return value as Leaf;
  }
  return new Entries(Object.entries(value).map(([key, item]) => [key, treeOf(item)]));
}

/** A place in a tree at which a value stands. */
export interface Slot {
  readonly value: Tree;
  replace(value: Tree): void;
  /** Takes the value out of its list or map; nothing for the whole. */
  remove(): void;
  /** The map in which it stands, and its index there. */
  readonly entry?: { readonly list: Entries['list']; readonly index: number };
}

/** All places of the tree in `root`, the whole first. */
export function slotsOf(root: { tree: Tree }): Slot[] {
  const slots: Slot[] = [
    {
      value: root.tree,
      replace: (value) => {
        root.tree = value;
      },
      remove: () => {},
    },
  ];
  for (let at = 0; at < slots.length && slots.length < 5_000; at += 1) {
    const { value } = slots[at] as Slot;
    if (value instanceof Entries) slots.push(...slotsOfMap(value.list));
    else if (Array.isArray(value)) slots.push(...slotsOfList(value));
  }
  return slots;
}

function slotsOfMap(list: Entries['list']): Slot[] {
  return list.map((entry, index) => ({
    value: entry[1],
    entry: { list, index },
    replace: (value) => {
      entry[1] = value;
    },
    remove: () => {
      list.splice(index, 1);
    },
  }));
}

function slotsOfList(list: Tree[]): Slot[] {
  return list.map((item, index) => ({
    value: item,
    replace: (value) => {
      list[index] = value;
    },
    remove: () => {
      list.splice(index, 1);
    },
  }));
}
