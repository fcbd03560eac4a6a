import { spawn } from 'node:child_process';
import path from 'node:path';
import { plant } from './apply.ts';
import type { Mutant } from './mutants.ts';

/** What is told of a violation. */
const RULE_CHARS_MAX = 160;

/** How a mutant was found. */
export interface Found {
  readonly name: string;
  readonly says: string;
  /** The seed that shows it; null: none of them does. */
  readonly seed: number | null;
  /** What that run broke first. */
  readonly rule: string | null;
  readonly seedsRun: number;
  readonly tookMs: number;
}

/** As much as is used of what `sim --json` prints. */
interface SimOutput {
  readonly runs: number;
  readonly failed: readonly {
    readonly seed: number;
    readonly violations: readonly { readonly rule: string; readonly message: string }[];
  }[];
}

/**
 * Runs seeds on a copy of the source with the bug in it, until one shows a violation.
 * @param seeds as the simulator takes them, `1..500`
 * @throws Error when the mutant no longer fits the source
 */
export async function hunt(mutant: Mutant, seeds: string, jobs: number): Promise<Found> {
  const tree = await plant(mutant);
  const startedAtMs = performance.now();
  try {
    const { runs, failed } = await simulate(tree.root, seeds, jobs);
    // A run that did not come to its end has found nothing.
    const first = failed.find(({ violations }) => violations.some(({ rule }) => rule !== 'RUN'));
    const [violation] = first?.violations ?? [];
    return {
      name: mutant.name,
      says: mutant.says,
      seed: first?.seed ?? null,
      rule: violation === undefined ? null : firstLineOf(violation),
      seedsRun: runs,
      tookMs: Math.round(performance.now() - startedAtMs),
    };
  } finally {
    await tree.remove();
  }
}

/** Runs the simulator of a tree until the first violation. */
async function simulate(root: string, seeds: string, jobs: number): Promise<SimOutput> {
  const main = path.join(root, 'sim/run/main.ts');
  const options = [
    '--seeds',
    seeds,
    '--jobs',
    `${jobs}`,
    '--stop-at-first',
    '--no-shrink',
    '--json',
  ];
  const child = spawn(process.execPath, ['--import', 'tsx', main, ...options], {
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

function firstLineOf({ rule, message }: { readonly rule: string; readonly message: string }) {
  return `${rule}: ${message.split('\n', 1)[0] ?? ''}`.slice(0, RULE_CHARS_MAX);
}

/** In words. */
export function foundText({ name, says, seed, rule, seedsRun, tookMs }: Found): string {
  const seconds = (tookMs / 1000).toFixed(0);
  const how = seed === null ? `NOT FOUND in ${seedsRun} seeds` : `found by seed ${seed} (${rule})`;
  return `${name}: ${says}\n  ${how}, ${seedsRun} run, ${seconds} s`;
}
