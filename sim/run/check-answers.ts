import type { DurableLog } from './durable-log.ts';
import type { Exchange } from './exchanges.ts';
import type { SimViolation } from './report.ts';

/**
 * What was answered is in the log: each answer names a place where an event of its team stands that
 * speaks of its id, in a block of the hash that it names (INV-12, semantics §6.9).
 */
export function checkAnswers(
  exchanges: readonly Exchange[],
  logs: readonly DurableLog[],
): SimViolation[] {
  const violations: SimViolation[] = [];
  const places = logs.map(({ events }) => new Map(events.map((one) => [placeOf(one.at), one])));
  for (const { team, command, answers } of exchanges) {
    for (const { answer, evidence: ofBatch } of answers) {
      if (ofBatch?.seq !== undefined && ofBatch.hash !== undefined) {
        const { shard = 0, seq, hash } = ofBatch;
        const found = logs[shard]?.hashes.get(seq);
        if (found !== hash) violations.push(missing(team, command?.id, shard, seq, 'batch', found));
      }
      const { evidence } = answer;
      if (evidence === undefined) continue;
      const { shard, seq, index, hash } = evidence;
      const event = places[shard]?.get(placeOf({ seq, index }))?.event;
      const found = logs[shard]?.hashes.get(seq);
      const isThere = event !== undefined && event.team === team;
      if (isThere && (hash === undefined || hash === found)) continue;
      violations.push(missing(team, command?.id, shard, seq, answer.outcome, found));
    }
  }
  return violations;
}

function placeOf({ seq, index }: { readonly seq: number; readonly index: number }): string {
  return `${seq}.${index}`;
}

function missing(
  team: string,
  id: string | undefined,
  shard: number,
  seq: number,
  outcome: string,
  found: string | undefined,
): SimViolation {
  const what = found === undefined ? 'no such block is in the log' : 'that block is another one';
  const message = `'${outcome}' was answered with block ${seq} as evidence, but ${what}`;
  return { rule: 'INV-12', message, team, shard, seq, ...(id === undefined ? {} : { id }) };
}
