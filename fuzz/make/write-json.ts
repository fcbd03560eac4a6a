import { Entries, Literal, type Tree } from './tree.ts';

/** A tree as JSON text, with what JSON.stringify would leave out or could not say. */
export function writeJson(tree: Tree): string {
  if (tree instanceof Literal) return tree.json;
  if (tree instanceof Entries) {
    return `{${tree.list.map(([key, value]) => `${keyText(key)}:${writeJson(value)}`).join(',')}}`;
  }
  if (Array.isArray(tree)) return `[${tree.map(writeJson).join(',')}]`;
  if (tree instanceof Uint8Array) return JSON.stringify(Buffer.from(tree).toString('base64'));
  if (typeof tree === 'number') return numberText(tree);
  if (typeof tree === 'bigint') return tree.toString();
  return JSON.stringify(tree) ?? 'null';
}

function keyText(key: Tree): string {
  return typeof key === 'string' ? JSON.stringify(key) : JSON.stringify(writeJson(key));
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '1e999' : '-1e999';
  return Object.is(value, -0) ? '-0' : String(value);
}
