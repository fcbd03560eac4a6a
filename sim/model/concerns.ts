/** Whether a stop concerns an allocation: beneath it and below its priority. */
export function concerns(
  stop: { readonly path: string; readonly below: number | null },
  { path, priority }: { readonly path: string; readonly priority: number },
): boolean {
  const isBeneath = path === stop.path || path.startsWith(`${stop.path}/`);
  return isBeneath && (stop.below === null || priority < stop.below);
}
