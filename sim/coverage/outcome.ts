import type { Answer } from '../../events/answers.ts';

/** The outcome of an answer as the tables name it, with what else is to be told apart. */
function outcomeOf(answer: Answer): string {
  switch (answer.outcome) {
    case 'refused':
      return `refused ${answer.code}`;
    case 'reported':
      return answer.overrun ? 'reported overrun' : 'reported';
    case 'unfrozen':
      return answer.stillFrozen ? 'unfrozen still' : 'unfrozen';
    default:
      return answer.outcome;
  }
}

/** All outcomes that an answer counts for. */
export function outcomesOf(answer: Answer): string[] {
  const outcomes = [outcomeOf(answer)];
  if (answer.outcome === 'denied') outcomes.push(`denied ${answer.reason}`);
  if (answer.outcome === 'settled') {
    if (answer.late) outcomes.push('settled late');
    if (answer.estimated) outcomes.push('settled estimated');
    if (answer.overrun !== undefined) outcomes.push('settled overrun');
  }
  if ('replayed' in answer && answer.replayed === true) outcomes.push('replayed');
  return outcomes;
}
