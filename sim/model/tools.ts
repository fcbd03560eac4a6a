import { isWithin } from '../../events/names.ts';
import { isConcerned } from './judge-approval.ts';
import type { State } from './state.ts';

/**
 * T-12: whether the tool rules of some node on the path keep an agent from a tool that it asks for.
 * On a node the first rule that names the tool decides; unnamed, a list of allowed tools leaves it out.
 */
export function isToolBarred(
  state: State,
  agent: string,
  ask: { readonly path: string; readonly items: Readonly<Record<string, unknown>> },
): boolean {
  const tools = Object.keys(ask.items).flatMap((resource) => {
    const [, tool] = /^(?:rate\.tool\.|tool\.|slot\.)(.+)$/.exec(resource) ?? [];
    return tool === undefined ? [] : [tool];
  });
  const rules = state.policy.tools.filter(
    (rule) => isWithin(ask.path, rule.path) && isConcerned(state, agent, rule),
  );
  const paths = new Set(rules.map(({ path }) => path));
  return tools.some((tool) =>
    [...paths].some((path) => {
      const here = rules.filter((rule) => rule.path === path);
      for (const { deny = [], allow = [] } of here) {
        if (deny.some((pattern) => isLike(tool, pattern))) return true;
        if (allow.some((pattern) => isLike(tool, pattern))) return false;
      }
      return here.some(({ allow }) => allow !== undefined);
    }),
  );
}

/** Whether a name fits a pattern in which `*` stands for anything. */
export function isLike(tool: string, pattern: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.-]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(tool);
}
