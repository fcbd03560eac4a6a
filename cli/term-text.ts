import type { BalanceLine, GrantView, Segment } from '../events/balance-line.ts';
import { durationText } from '../workload/number-text.ts';
import { showAmount, showTime } from './values.ts';

/** What windows, grants, debt and history add to a line of a balance. */
export function termTexts(line: BalanceLine): string[] {
  return [
    ...windowText(line),
    ...forecastText(line),
    ...queueAgeText(line),
    ...(line.grants ?? []).map((grant) => grantText(line.resource, grant)),
    ...debtText(line),
    ...reserveText(line),
    ...(line.history ?? []).map((stretch) => stretchText(line.resource, stretch)),
  ];
}

function windowText({ resource, window, spentPast = 0, spentTotal = 0 }: BalanceLine): string[] {
  if (window === undefined) return [];
  const { every, tz, endsAtMs } = window;
  const until = endsAtMs === null ? 'until it is reset' : `until ${showTime(endsAtMs)}`;
  const last = `${showAmount(resource, spentPast)} in the last, ${showAmount(resource, spentTotal)} ever`;
  return [`  ${resource}: window of ${every} (${tz}) ${until}; spent ${last}`];
}

function forecastText({ resource, forecast }: BalanceLine): string[] {
  if (forecast === undefined) return [];
  const { ratePerHour, lastsMs, earliestMs, latestMs } = forecast;
  const latest = latestMs === null ? 'for ever' : durationText(latestMs);
  const rate = `${showAmount(resource, ratePerHour)} an hour`;
  return [
    `  ${resource}: lasts ${durationText(lastsMs)} at ${rate} (${durationText(earliestMs)} to ${latest})`,
  ];
}

function queueAgeText({ resource, queueAge }: BalanceLine): string[] {
  if (queueAge === undefined) return [];
  const { ageMs, told } = queueAge;
  const kind = told === null ? '' : ` (${told})`;
  return [`  ${resource}: the oldest in its queue waits for ${durationText(ageMs)}${kind}`];
}

function grantText(resource: string, grant: GrantView): string {
  const { id, left, amount, priority, state, startsAtMs, endsAtMs } = grant;
  const from = state === 'future' ? ` from ${showTime(startsAtMs)}` : '';
  const until = endsAtMs === null ? '' : ` until ${showTime(endsAtMs)}`;
  const of = `${showAmount(resource, left)} left of ${showAmount(resource, amount)}`;
  return `  ${resource}: grant ${id} (${state}, priority ${priority}): ${of}${from}${until}`;
}

function debtText({ resource, debt = 0, carried = 0 }: BalanceLine): string[] {
  return [
    ...(debt > 0 ? [`  ${resource}: ${showAmount(resource, debt)} spent that nothing covers`] : []),
    ...(carried > 0
      ? [`  ${resource}: ${showAmount(resource, carried)} carried over as debt`]
      : []),
  ];
}

function reserveText(line: BalanceLine): string[] {
  const { resource, reserved = 0, reserveTarget = 0, reserveDrawn = 0 } = line;
  if (reserveTarget === 0) return [];
  const [left, target] = [showAmount(resource, reserved), showAmount(resource, reserveTarget)];
  const drawn = reserveDrawn === 0 ? '' : `, ${showAmount(resource, reserveDrawn)} drawn`;
  return [`  ${resource}: emergency reserve: ${left} left of ${target}${drawn}`];
}

function stretchText(resource: string, { fromMs, toMs, usage, left, debt }: Segment): string {
  const to = toMs === null ? 'now' : showTime(toMs);
  const from = fromMs === 0 ? 'the beginning' : showTime(fromMs);
  const shown = Object.entries(left).map(([id, amount]) => `${id} ${showAmount(resource, amount)}`);
  const grants = shown.length === 0 ? '' : `; left of ${shown.join(', ')}`;
  const owed = debt === 0 ? '' : `; ${showAmount(resource, debt)} owed`;
  return `  ${resource}: ${from} to ${to}: ${showAmount(resource, usage)} used${grants}${owed}`;
}
