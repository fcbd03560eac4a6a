import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { plant, ROOT } from './apply.ts';
import type { Mutant } from './mutants.ts';

/** What is told of a violation. */
const RULE_CHARS_MAX = 160;

/** How a mutant was found. */
export interface Found {
  readonly name: string;
  readonly says: string;
  /** What shows it; null: nothing does. */
  readonly by: string | null;
  /** What that run broke of the rules that the mutant is against. */
  readonly rule: string | null;
  readonly seedsRun: number;
  readonly tookMs: number;
}

/** As much as is used of what `sim --json` prints. */
interface SimOutput {
  readonly runs: number;
  readonly failed: readonly Failed[];
}

interface Failed {
  readonly seed: number;
  readonly violations: readonly { readonly rule: string; readonly message: string }[];
}

/** A run that broke what a mutant is against. */
interface Shown {
  readonly by: string;
  readonly rule: string;
}

/**
 * Runs the drill of a mutant, if it has one, and else seeds on a copy of the source with the bug in
 * it, until one breaks a rule that the bug is against. A seed that does so without the bug shows
 * nothing of it.
 * @param seeds first and last
 * @throws Error when the mutant no longer fits the source
 */
export async function hunt(
  mutant: Mutant,
  [first, last]: readonly [number, number],
  jobs: number,
): Promise<Found> {
  const tree = await plant(mutant);
  const startedAtMs = performance.now();
  try {
    let next = first;
    let shown = await shownByDrill(mutant, tree.root);
    while (next <= last && shown === undefined && mutant.drill === undefined) {
      const range = ['--seeds', `${next}..${last}`, '--jobs', `${jobs}`, '--stop-at-first'];
      const { runs, failed } = await simulate(tree.root, range);
      next += runs;
      shown = await shownBySeed(mutant, failed);
    }
    return {
      name: mutant.name,
      says: mutant.says,
      by: shown?.by ?? null,
      rule: shown?.rule ?? null,
      seedsRun: next - first,
      tookMs: Math.round(performance.now() - startedAtMs),
    };
  } finally {
    await tree.remove();
  }
}

/** Drills break nothing without the bug: test/sim-mutants.test.ts. */
async function shownByDrill(mutant: Mutant, root: string): Promise<Shown | undefined> {
  if (mutant.drill === undefined) return undefined;
  const file = path.join(root, 'drill.json');
  await writeFile(file, JSON.stringify(mutant.drill));
  const { failed } = await simulate(root, ['--plan', file]);
  const [rule] = failed.flatMap((one) => brokenBy(mutant, one) ?? []);
  return rule === undefined ? undefined : { by: 'its drill', rule };
}

async function shownBySeed(mutant: Mutant, failed: readonly Failed[]): Promise<Shown | undefined> {
  for (const one of failed) {
    const rule = brokenBy(mutant, one);
    if (rule === undefined) continue;
    const { failed: anyway } = await simulate(ROOT, ['--seed', `${one.seed}`]);
    const isOld = anyway.some((without) => brokenBy(mutant, without) !== undefined);
    if (!isOld) return { by: `seed ${one.seed}`, rule };
  }
  return undefined;
}

/** The first violation of a run that is of a rule that a mutant is against. */
function brokenBy({ breaks }: Mutant, { violations }: Failed): string | undefined {
  // A run that did not come to its end has found nothing.
  const texts = violations.filter(({ rule }) => rule !== 'RUN').map(textOf);
  return texts.find((text) => breaks?.some((rule) => text.includes(rule)) ?? true);
}

/** Runs the simulator of a tree. */
async function simulate(root: string, options: readonly string[]): Promise<SimOutput> {
  const main = path.join(root, 'sim/run/main.ts');
  const all = ['--import', 'tsx', main, ...options, '--no-shrink', '--json'];
  const child = spawn(process.execPath, all, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  await new Promise((resolve) => child.once('close', resolve));
  return JSON.parse(text) as SimOutput;
}

function textOf({ rule, message }: Failed['violations'][number]): string {
  return `${rule}: ${message.split('\n', 1)[0] ?? ''}`.slice(0, RULE_CHARS_MAX);
}

/** In words. */
export function foundText({ name, says, by, rule, seedsRun, tookMs }: Found): string {
  const seconds = (tookMs / 1000).toFixed(0);
  const how = by === null ? 'NOT FOUND' : `found by ${by} (${rule})`;
  return `${name}: ${says}\n  ${how}; ${seedsRun} seeds run, ${seconds} s`;
}
