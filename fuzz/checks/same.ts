/** Whether two pieces of plain data are the same; -0 is 0, NaN is NaN, the order of fields is none. */
export function isSame(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left === 'number' && typeof right === 'number') {
    return Number.isNaN(left) && Number.isNaN(right);
  }
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) {
    return false;
  }
  if (left instanceof Uint8Array || right instanceof Uint8Array) {
    return (
      left instanceof Uint8Array && right instanceof Uint8Array && Buffer.compare(left, right) === 0
    );
  }
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  const fields = Object.entries(left);
  const others = right as Readonly<Record<string, unknown>>;
  return (
    fields.length === Object.keys(right).length &&
    fields.every(([key, value]) => Object.hasOwn(right, key) && isSame(value, others[key]))
  );
}
