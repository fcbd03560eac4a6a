const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|min|h|d)$/;
const MS_OF: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** `500ms`, `10s`, `5m`, `2h`, `1d` as people write it, in ms; undefined of what is none of these. */
export function msOfDuration(text: string): number | undefined {
  const [, number, unit = ''] = DURATION.exec(text) ?? [];
  const ms = Math.round(Number(number) * (MS_OF[unit] ?? Number.NaN));
  return Number.isSafeInteger(ms) ? ms : undefined;
}
