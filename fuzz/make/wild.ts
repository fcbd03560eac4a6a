import { encode } from '../../events/codec.ts';
import type { Chance } from '../chance.ts';
import { changeBytes } from './change-bytes.ts';
import { changeTree } from './change-tree.ts';
import { hostileValue } from './hostile.ts';
import { type Tree, treeOf } from './tree.ts';
import { writeJson } from './write-json.ts';
import { writeMsgpack } from './write-msgpack.ts';

export type Form = 'msgpack' | 'json';

const RANDOM_BYTES_MAX = 200;

/**
 * Bytes that somebody might send in place of `value`: the value itself, with changed fields, in odd
 * forms, in the other form, damaged, or noise.
 */
export function wildBytes(value: unknown, form: Form, chance: Chance): Uint8Array {
  switch (chance.upTo(11)) {
    case 0:
      return written(treeOf(value), form, chance, 0);
    case 1:
      return chance.bytes(chance.skewed(RANDOM_BYTES_MAX));
    case 2:
      return written(hostileValue(chance), form, chance, 3);
    case 3:
      return written(treeOf(value), form === 'json' ? 'msgpack' : 'json', chance, 0);
    case 4:
      return changeBytes(form === 'json' ? jsonBytes(value) : encode(value), chance, 1);
    case 5:
      return changeBytes(written(treeOf(value), form, chance, 6), chance, 1 + chance.skewed(6));
    case 6:
      return changeBytes(written(changeTree(value, chance, 1), form, chance, 9), chance, 1);
    default:
      return written(changeTree(value, chance, 1 + chance.skewed(4)), form, chance, 20);
  }
}

function written(tree: Tree, form: Form, chance: Chance, oddity: number): Uint8Array {
  if (form === 'msgpack') return writeMsgpack(tree, chance, oddity);
  return new TextEncoder().encode(writeJson(tree));
}

function jsonBytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(writeJson(treeOf(value)));
}
