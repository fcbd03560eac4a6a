import type { Findings } from './bench.ts';
import type { Given } from './history.ts';
import { contentOf } from './sent-index.ts';

/**
 * INV-7 and S §6.3: of the commands with one id at most one content is decided; the others are
 * `id_conflict`, and that one never is. A settle is known by its allocation too: it is left to the
 * books.
 */
export function judgeConflicts(answers: readonly Given[], findings: Findings): void {
  const byId = new Map<string, Given[]>();
  for (const given of answers) {
    const { id } = given.to.command;
    if (id === undefined) continue;
    const list = byId.get(id);
    if (list === undefined) byId.set(id, [given]);
    else list.push(given);
  }
  for (const [id, all] of byId) {
    const decided = new Set<string>();
    for (const given of all) if (isDecision(given)) decided.add(contentOfGiven(given));
    if (decided.size > 1)
      findings.add('INV-7', `${decided.size} contents were decided`, undefined, id);
    for (const given of all) {
      const { answer, to } = given;
      if (answer.outcome !== 'refused' || answer.code !== 'id_conflict') continue;
      if (to.command.op === 'settle') continue;
      if (decided.has(contentOfGiven(given))) {
        findings.add('INV-7', 'what was decided is in conflict with itself', undefined, id);
      }
    }
  }
}

function contentOfGiven({ to }: Given): string {
  return `${to.agent} ${contentOf(to.command)}`;
}

/** Whether an answer came from a decision of that id, not from a look at the books. */
function isDecision({ to, answer }: Given): boolean {
  const { op } = to.command;
  if (op === 'balance' || op === 'status' || op === 'explain') return false;
  if (op === 'queue' || op === 'emergencies') return false;
  if (answer.outcome === 'would_set_policy') return false;
  if (op === 'request' && to.command.dryRun === true) return false;
  // Told of what another command did.
  if (answer.outcome === 'ended' || answer.outcome === 'already_granted') return false;
  if (op === 'settle' || op === 'release') return false;
  return answer.outcome !== 'refused';
}
