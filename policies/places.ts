import { type Document, isMap, isScalar, isSeq, type Node } from 'yaml';
import type { FieldPath } from './problem.ts';

/** Where something stands in a file: line and column from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
  /** Characters on that line, at least 1. */
  readonly length: number;
}

/** A file that was parsed. */
export interface ParsedText {
  readonly text: string;
  readonly document: Document;
}

/** Where a field or its name stands; of one that the file has not, what is nearest around it. */
export function placeOf(parsed: ParsedText, path: FieldPath, ofKey: boolean): Place {
  let node: unknown = parsed.document.contents;
  let found = rangeOf(node);
  let isKey = false;
  for (const [depth, key] of path.entries()) {
    const next = childOf(node, key);
    if (next === undefined) break;
    isKey = ofKey && depth === path.length - 1;
    found = (isKey ? next.key : next.value) ?? next.key ?? found;
    node = next.node;
  }
  // A map or list around what is missing: its first line says enough.
  return found === undefined
    ? { line: 1, column: 1, length: 1 }
    : placeOfRange(parsed, found[0], found[1]);
}

/** Where a range of the text stands; it is cut at the end of its first line. */
export function placeOfRange({ text }: ParsedText, from: number, to: number): Place {
  // What follows from an error before it may be said to stand nowhere.
  const start = Math.min(Math.max(0, from), text.length);
  // Counted here: after an error in a text of several lines the parser's own count is behind.
  const before = text.slice(0, start).split('\n');
  const column = (before.at(-1)?.length ?? 0) + 1;
  const newline = text.indexOf('\n', start);
  const end = Math.min(to, newline === -1 ? text.length : newline);
  const length = text.slice(start, end).trimEnd().length;
  return { line: before.length, column, length: Math.max(1, length) };
}

type Range = readonly [from: number, to: number];
interface Child {
  readonly node: unknown;
  readonly key: Range | undefined;
  readonly value: Range | undefined;
}

function childOf(node: unknown, key: string | number): Child | undefined {
  if (isSeq(node) && typeof key === 'number') {
    const item = node.items[key];
    return item === undefined ? undefined : { node: item, key: undefined, value: rangeOf(item) };
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find((one) => isScalar(one.key) && String(one.key.value) === String(key));
  if (pair === undefined) return undefined;
  return { node: pair.value, key: rangeOf(pair.key), value: rangeOf(pair.value) };
}

/** Of what stands in the text; an empty value stands nowhere. */
function rangeOf(node: unknown): Range | undefined {
  const range = (node as Partial<Node> | null)?.range;
  return range == null || range[0] === range[1] ? undefined : [range[0], range[1]];
}
