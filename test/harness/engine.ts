// uvu reads these globals when it is loaded: deferred, it runs nothing by itself, and the harness
// runs one suite at a time. This module must be imported before uvu.
declare global {
  var UVU_DEFER: boolean;
  var UVU_QUEUE: unknown[][];
}

globalThis.UVU_DEFER = true;
globalThis.UVU_QUEUE = [[null]];

/** Empties uvu's queue, which would otherwise run earlier suites again. */
export function clearEngineQueue(): void {
  globalThis.UVU_QUEUE = [[null]];
}
