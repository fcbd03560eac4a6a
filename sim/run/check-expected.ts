import type { Expected } from '../plan/expected.ts';
import type { DurableEvent } from './durable-log.ts';
import type { Inspector } from './inspector.ts';
import type { SimViolation } from './report.ts';

/** Whether the books came to what was known beforehand. */
export async function checkExpected(
  expected: Expected,
  events: readonly DurableEvent[],
  inspector: Inspector,
): Promise<SimViolation[]> {
  const violations: SimViolation[] = [];
  const compare = (what: string, wanted: number | undefined, got: number) => {
    if (wanted === undefined || wanted === got) return;
    const message = `${what}: ${got}, not ${wanted} (${expected.because})`;
    violations.push({ rule: 'KNOWN', message });
  };
  const count = (type: string) => events.filter(({ event }) => event.type === type).length;
  compare('grants', expected.grantCount, count('AllocationGranted'));
  compare('denials', expected.denialCount, count('RequestDenied'));
  for (const { path, resource, heldTree, spentTree } of expected.lines) {
    const balance = await inspector.perform(() => inspector.balance(path));
    const line = balance?.lines.find((one) => one.resource === resource);
    compare(`${resource} held beneath ${path}`, heldTree, line?.heldTree ?? 0);
    compare(`${resource} spent beneath ${path}`, spentTree, line?.spentTree ?? 0);
  }
  return violations;
}
