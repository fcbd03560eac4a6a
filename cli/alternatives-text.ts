import type { Alternative } from '../events/answers.ts';
import { amountsText, durationText } from '../projections/amount-text.ts';

/** What could be done about a request and at what cost, one line each, the chosen one marked. */
export function alternativesText(alternatives: readonly Alternative[]): string[] {
  if (alternatives.length === 0) return [];
  return ['what could be done about it:', ...alternatives.map((one) => `  ${lineOf(one)}`)];
}

const NAMES: Readonly<Record<Alternative['kind'], string>> = {
  grant: 'all of it now',
  part: 'a part now',
  preempt: 'take it from others',
  wait: 'a place in the queue',
  deny: 'a denial',
};

function lineOf(alternative: Alternative): string {
  const { kind, chosen, possible, because } = alternative;
  const mark = chosen ? '→' : possible ? '·' : '×';
  const costs = costsOf(alternative);
  const why = because === undefined ? [] : [because];
  return `${mark} ${NAMES[kind]}: ${[...why, ...costs].join('; ') || 'no cost'}`;
}

function costsOf(alternative: Alternative): string[] {
  const { granted, missing, victims, graceMs, lostWorkMs, sunk, position } = alternative;
  const costs: string[] = [];
  if (granted !== undefined) costs.push(amountsText(granted));
  if (missing !== undefined) costs.push(`${amountsText(missing)} missing`);
  if (victims !== undefined) {
    costs.push(`${victims.join(', ')} must yield within ${durationText(graceMs ?? 0)}`);
    costs.push(`${durationText(lostWorkMs ?? 0)} of work to be done again`);
  }
  if (sunk !== undefined) costs.push(`${amountsText(sunk)} spent for nothing`);
  if (position !== undefined) costs.push(`place ${position}`, waitOf(alternative));
  return costs;
}

function waitOf({ expectedWaitMs }: Alternative): string {
  return expectedWaitMs === null || expectedWaitMs === undefined
    ? 'nobody can say how long'
    : `about ${durationText(expectedWaitMs)}`;
}
