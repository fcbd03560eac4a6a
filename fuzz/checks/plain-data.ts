import { MSGPACK_DEPTH_MAX } from '../../events/msgpack-shape.ts';
import { hold } from '../target.ts';

/**
 * What the codec gives is plain data: null, booleans, numbers, text, bytes of its own, lists without
 * gaps, maps with own fields alone; not deeper than allowed and not more than there were bytes.
 * @throws BrokenProperty
 */
export function holdPlain(value: unknown, bytesMax: number): void {
  let count = 0;
  const walk = (item: unknown, depth: number): void => {
    count += 1;
    hold(count <= bytesMax, 'there are no more values than bytes');
    hold(depth <= MSGPACK_DEPTH_MAX, 'nothing is nested deeper than allowed');
    if (item === null || typeof item === 'boolean' || typeof item === 'number') return;
    if (typeof item === 'string') {
      hold(item.length <= bytesMax, 'a text is no longer than its bytes');
      return;
    }
    hold(typeof item === 'object', `nothing is a ${typeof item}`);
    const prototype: unknown = Object.getPrototypeOf(item);
    if (item instanceof Uint8Array) {
      hold(prototype === Uint8Array.prototype, 'bytes are plain bytes');
      hold(item.buffer.byteLength <= bytesMax, 'bytes share no larger buffer');
    } else if (Array.isArray(item)) {
      hold(Object.keys(item).length === item.length, 'a list has no gaps and nothing else');
      for (const one of item) walk(one, depth + 1);
    } else {
      hold(prototype === Object.prototype, 'a map has the prototype of a map');
      hold(!Object.hasOwn(item as object, '__proto__'), 'a map has no field __proto__');
      for (const one of Object.values(item as object)) walk(one, depth + 1);
    }
  };
  walk(value, 0);
}
