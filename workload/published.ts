import type { Quantiles, Weighted } from './random.ts';

/**
 * Where the bundled workload's parameters come from: figures that others measured and published.
 * No row of any data set is in this repository; these are summary figures of them.
 */
export const PUBLISHED_SOURCES = {
  acr:
    'AutoCodeRover on SWE-bench Lite, gpt-4-0125-preview, April 2024: 23,840 llm calls and ' +
    '13,427 tool calls of 1,500 runs (github nus-apr/auto-code-rover @ 3536ac29, results/)',
  chatdev:
    'ChatDev WareHouse logs, 2023-2024: 1,884 llm calls of 94 projects ' +
    '(github OpenBMB/ChatDev, WareHouse/**.log)',
  tracelab:
    'TraceLab, Claude Code and Codex sessions of 43 developers, 357k llm rounds ' +
    '(github uw-syfi/TraceLab @ 0b8a262b, artifacts/*/*.tex)',
  orca:
    'starts of 5,546 trials on Terminal-Bench, Sept-Oct 2025 ' +
    '(github Danau5tin/multi-agent-coding-system @ e71b8032)',
} as const;

/**
 * ASSUMED, not published: no source gives a minimum, so the lower half of each distribution runs
 * from this share of its median up to the median.
 */
const FLOOR_SHARE_OF_MEDIAN = 1 / 4;

const SHARES = { p50: 0.5, p90: 0.9, p95: 0.95, p99: 0.99, max: 1 } as const;

function published(figures: { readonly [Name in keyof typeof SHARES]?: number }): Quantiles {
  const names = Object.keys(SHARES) as (keyof typeof SHARES)[];
  const points = names.flatMap((name) => {
    const value = figures[name];
    return value === undefined ? [] : [[SHARES[name], value] as const];
  });
  return [[0, (figures.p50 ?? 0) * FLOOR_SHARE_OF_MEDIAN], ...points];
}

/** Calls by role, and the cost of one: p50, p95, p99, max. */
const ACR_ROLES: Weighted<{ role: string; costUsd: Quantiles }> = [
  [
    8_483,
    {
      role: 'search',
      costUsd: published({ p50: 0.037, p95: 0.103, p99: 0.153, max: 0.357 }),
    },
  ],
  [
    12_478,
    {
      role: 'proxy',
      costUsd: published({ p50: 0.007, p95: 0.0107, p99: 0.0125, max: 0.0198 }),
    },
  ],
  [
    2_879,
    {
      role: 'patch',
      costUsd: published({ p50: 0.0703, p95: 0.154, p99: 0.254, max: 0.38 }),
    },
  ],
];

/** AutoCodeRover. Cost in USD, times in seconds. */
export const ACR = {
  model: 'gpt-4-0125-preview',
  /** USD per token as logged. */
  usdPerTokenIn: 1e-5,
  usdPerTokenOut: 3e-5,
  roles: ACR_ROLES,
  /** Mean output 197 tokens at 3e-5 USD in a mean cost of 0.0291 USD. */
  outputShareOfCost: (197 * 3e-5) / 0.0291,
  tokensOutMax: 1_024,
  llmSeconds: published({ p50: 4, p95: 27, p99: 38, max: 154 }),
  toolSeconds: published({ p50: 0, p95: 1, p99: 6, max: 300 }),
  /** 924 of the 13,427 tool calls run a test suite, which takes longer. */
  testSuiteShareOfTools: 924 / 13_427,
  testSuiteSeconds: published({ p50: 1, p95: 33, p99: 74, max: 300 }),
  llmCallsPerRun: published({ p50: 9, p95: 61, p99: 64, max: 66 }),
  toolCallsPerRun: published({ p50: 8, p95: 18, p99: 26, max: 49 }),
  /** Runs at once in one swarm: 4 to 8. */
  runsAtOnce: 8,
} as const;

/**
 * Calls cost p50 0.0050 and p95 0.0564 USD: the median call is priced as gpt-3.5-turbo-16k, the
 * tail as gpt-4. ASSUMED: one project in ten used it. The window bounds input and output.
 */
const CHATDEV_MODELS: Weighted<{ model: string; contextTokens: number }> = [
  [9, { model: 'gpt-3.5-turbo-16k', contextTokens: 16_385 }],
  [1, { model: 'gpt-4', contextTokens: 8_192 }],
];

/** ChatDev: a company of role-playing agents per project, which reserves before each call. */
export const CHATDEV = {
  models: CHATDEV_MODELS,
  tokensIn: published({ p50: 1_332, p95: 3_102, p99: 4_074, max: 5_920 }),
  tokensOut: published({ p50: 304, p95: 1_333, p99: 1_645, max: 5_819 }),
  /** tokens_out / max_tokens_out: median 6.8 %, p95 100 %, never above. */
  useOfReservation: published({ p50: 0.068, p95: 1 }),
  /** |estimate - real| / real of the input: median 0, p99 6 %, max 10.5 %. */
  estimateError: [
    [0, 0],
    [0.5, 0],
    [0.99, 0.06],
    [1, 0.105],
  ] satisfies Quantiles,
  callSeconds: published({ p50: 13, p95: 67, p99: 77, max: 90 }),
  callsPerProject: published({ p50: 14.5, p95: 47, p99: 50, max: 50 }),
  /** Who talks in these logs; how often each does is ASSUMED to be the same. */
  roles: [
    [1, 'chief_executive_officer'],
    [1, 'chief_technology_officer'],
    [1, 'programmer'],
    [1, 'code_reviewer'],
    [1, 'test_engineer'],
  ],
  /** ASSUMED, not published: calls of one phase of a project, which is a run here. */
  callsPerPhase: 3,
} as const;

/** TraceLab: coding sessions. p50, p90, p99; no maximum is published, so p99 is the largest. */
export const TRACELAB = {
  /** ASSUMED: a model of the vendor whose tool most sessions used, with its list price in USD. */
  model: 'claude-sonnet-4-5',
  usdPerTokenIn: 3e-6,
  usdPerTokenOut: 15e-6,
  stepCostUsd: published({ p50: 0.07, p90: 0.2, p99: 0.72 }),
  outputShareOfCost: 0.112,
  llmSeconds: published({ p50: 4.9, p90: 20.2, p99: 78 }),
  toolSeconds: published({ p50: 0.1, p90: 10, p99: 192 }),
  /** p99 is 1,438. ASSUMED: sessions are cut at twice the median, so that a demo stays short. */
  toolCallsPerSession: published({ p50: 25, max: 50 }),
} as const;

/** Seconds between two starts of one swarm: p50, p95, p99, max. */
export const ORCA = {
  startGapSeconds: published({ p50: 11.7, p95: 119, p99: 266, max: 1_052 }),
} as const;
