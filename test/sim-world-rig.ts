import { World, type WorldOptions } from '../sim/world/world.ts';
import { assert } from './harness/suite.ts';

export const text = (value: string) => new TextEncoder().encode(value);
export const read = ({ data }: { readonly data: Uint8Array }) => new TextDecoder().decode(data);

export function worldOf(options: Partial<WorldOptions> = {}): World {
  return new World({ seed: 1, shards: 2, ...options });
}

/** Performs something in a process of its own and lets time pass until it is done. */
export async function performIn<Result>(
  world: World,
  body: () => Promise<Result>,
  { name = 'tester', withinMs = 60_000 } = {},
): Promise<Result> {
  const process = world.processes.find((one) => one.name === name) ?? world.process(name);
  let end: { readonly result: Result } | { readonly error: unknown } | undefined;
  process.start(async () => {
    try {
      end = { result: await body() };
    } catch (error) {
      end = { error };
    }
  });
  const isDone = await world.runUntil(() => end !== undefined, withinMs);
  assert.equal(world.scheduler.uncaught, []);
  assert.is(isDone, true, `not done within ${withinMs} ms of virtual time`);
  if (end === undefined || 'error' in end) throw end?.error;
  return end.result;
}
