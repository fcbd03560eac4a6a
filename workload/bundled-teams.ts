import { ACR, CHATDEV, TRACELAB } from './published.ts';
import { drawFrom, pickFrom, type Random } from './random.ts';
import type { RowForm } from './row.ts';

/** A step without its place in the tree and in time. */
export type DrawnStep = { readonly form: RowForm; readonly durationMs: number };

/**
 * A run in the shape of AutoCodeRover: a search-and-patch agent on one task. How its calls follow
 * one another is not published; tools are spread evenly, roles drawn by their share.
 */
export function acrRun(random: Random): DrawnStep[] {
  const llm = repeat(drawFrom(ACR.llmCallsPerRun, random), () => acrCall(random));
  const tools = repeat(drawFrom(ACR.toolCallsPerRun, random), () => acrTool(random));
  return spread(llm, tools);
}

function acrCall(random: Random): DrawnStep {
  const { role, costUsd } = pickFrom(ACR.roles, random);
  const cost = drawFrom(costUsd, random);
  const tokensOut = Math.min(
    Math.round((cost * ACR.outputShareOfCost) / ACR.usdPerTokenOut),
    ACR.tokensOutMax,
  );
  const tokensIn = Math.round((cost - tokensOut * ACR.usdPerTokenOut) / ACR.usdPerTokenIn);
  return {
    form: { kind: 'llm', role, model: ACR.model, tokens_in: tokensIn, tokens_out: tokensOut },
    durationMs: milliseconds(drawFrom(ACR.llmSeconds, random)),
  };
}

function acrTool(random: Random): DrawnStep {
  const isTest = random() < ACR.testSuiteShareOfTools;
  const seconds = drawFrom(isTest ? ACR.testSuiteSeconds : ACR.toolSeconds, random);
  return {
    form: { kind: 'tool', tool: isTest ? 'run_test_suite' : 'search' },
    durationMs: milliseconds(seconds),
  };
}

/**
 * The phases of a project in the shape of ChatDev, each a run: two roles talk, and before each
 * call the output is reserved and the input estimated.
 */
export function chatdevPhases(random: Random): DrawnStep[][] {
  const { model, contextTokens } = pickFrom(CHATDEV.models, random);
  const calls = repeat(drawFrom(CHATDEV.callsPerProject, random), () =>
    chatdevCall(model, contextTokens, random),
  );
  const phases: DrawnStep[][] = [];
  for (let first = 0; first < calls.length; first += CHATDEV.callsPerPhase) {
    phases.push(calls.slice(first, first + CHATDEV.callsPerPhase));
  }
  return phases;
}

function chatdevCall(model: string, contextTokens: number, random: Random): DrawnStep {
  const tokensIn = Math.round(drawFrom(CHATDEV.tokensIn, random));
  const room = contextTokens - tokensIn;
  const tokensOut = Math.min(Math.round(drawFrom(CHATDEV.tokensOut, random)), room);
  const reserved = Math.round(tokensOut / drawFrom(CHATDEV.useOfReservation, random));
  const error = drawFrom(CHATDEV.estimateError, random) * (random() < 0.5 ? -1 : 1);
  return {
    form: {
      kind: 'llm',
      role: pickFrom(CHATDEV.roles, random),
      model,
      tokens_in: tokensIn,
      tokens_out: tokensOut,
      est_tokens_in: Math.round(tokensIn * (1 + error)),
      max_tokens_out: Math.min(reserved, room),
    },
    durationMs: milliseconds(drawFrom(CHATDEV.callSeconds, random)),
  };
}

/** A session in the shape of TraceLab: a coding agent that calls a model before each tool. */
export function tracelabSession(random: Random): DrawnStep[] {
  const tools = repeat(drawFrom(TRACELAB.toolCallsPerSession, random), () => ({
    form: { kind: 'tool', tool: 'shell' },
    durationMs: milliseconds(drawFrom(TRACELAB.toolSeconds, random)),
  }));
  const llm = repeat(tools.length + 1, () => tracelabCall(random));
  return spread(llm, tools);
}

function tracelabCall(random: Random): DrawnStep {
  const cost = drawFrom(TRACELAB.stepCostUsd, random);
  const forOutput = cost * TRACELAB.outputShareOfCost;
  return {
    form: {
      kind: 'llm',
      role: 'coder',
      model: TRACELAB.model,
      tokens_in: Math.round((cost - forOutput) / TRACELAB.usdPerTokenIn),
      tokens_out: Math.round(forOutput / TRACELAB.usdPerTokenOut),
    },
    durationMs: milliseconds(drawFrom(TRACELAB.llmSeconds, random)),
  };
}

function repeat<Item>(count: number, make: () => Item): Item[] {
  return Array.from({ length: Math.max(1, Math.round(count)) }, make);
}

/** Both lists in one, each in its order, evenly mixed; the first of `main` comes first. */
function spread(main: readonly DrawnStep[], others: readonly DrawnStep[]): DrawnStep[] {
  const placed = [
    ...main.map((step, i) => ({ step, at: i / main.length })),
    ...others.map((step, i) => ({ step, at: (i + 0.5) / others.length })),
  ];
  return placed.sort((a, b) => a.at - b.at).map(({ step }) => step);
}

function milliseconds(seconds: number): number {
  return Math.round(seconds * 1_000);
}
