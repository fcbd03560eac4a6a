import { posix } from 'node:path';
import { type Kind, type Rule, roomOf, ruleOf } from './rooms.ts';
import { type Import, lineAt, scanSource } from './scan.ts';

const LINES_MAX = 400;

/** Which kinds a file of this kind may import from the project. */
const IMPORTABLE: Record<Kind, readonly Kind[]> = {
  pure: ['pure'],
  format: ['pure', 'format'],
  shell: ['pure', 'format', 'shell'],
};

/** What would make the same arguments give another result, or act on the world. */
const IMPURE: readonly [what: string, pattern: RegExp][] = [
  ['a clock', /(?<![.\w$])Date\s*\.\s*now\b/g],
  ['a clock', /(?<![.\w$])new\s+Date\s*(?:\(\s*\)|(?!\s*\())/g],
  ['a clock', /(?<!new\s+)(?<![.\w$])Date\s*\(/g],
  ['a clock', /(?<![.\w$])(?:performance|Temporal)\b/g],
  ['randomness', /(?<![.\w$])Math\s*\.\s*random\b/g],
  ['randomness', /(?<![.\w$])crypto\b/g],
  ['a timer', /(?<![.\w$])(?:set(?:Timeout|Interval|Immediate)|queueMicrotask)\b/g],
  ['the process', /(?<![.\w$])process\b/g],
  ['the console', /(?<![.\w$])console\b/g],
  ['the global object', /(?<![.\w$])(?:globalThis|global)\b/g],
  ['the network', /(?<![.\w$])(?:fetch|WebSocket)\b/g],
  ['the locale', /(?<![.\w$])Intl\b|\.\s*(?:localeCompare|toLocale\w*)\b/g],
  ['its own place', /(?<![.\w$])import\s*\.\s*meta\b/g],
];

const VAGUE_NAME = /(?:^|[-._/])(?:utils?|common|helpers?|managers?)(?=[-._/]|$)/i;
const DEFAULT_EXPORT = /(?<![.\w$])export\s+default\b|\bas\s+default\b/g;
/** Escaped, so that this line is not found itself. */
const LEFT_FOR_LATER = /\b(?:TO\x44O|FIX\x4dE)\b/g;

/**
 * Everything that is wrong with one source file, each as `path:line what`. `path` is relative to
 * the root, with slashes.
 */
export function checkFile(path: string, text: string): string[] {
  const rule = ruleOf(path);
  if (!rule) return [`${path}:1 lies in no room: add a row to test/harness/layers/rooms.ts`];
  const { code, imports } = scanSource(text);
  const found = imports.flatMap((one) =>
    judgeImport(path, rule, one).map((wrong) => `${path}:${one.line} ${wrong}`),
  );
  const report = (what: string, pattern: RegExp, source: string) => {
    for (const match of source.matchAll(pattern)) {
      found.push(`${path}:${lineAt(source, match.index)} ${what}: ${match[0].trim()}`);
    }
  };
  if (rule.kind !== 'shell') {
    for (const [what, pattern] of IMPURE)
      report(`${rule.kind} code touches ${what}`, pattern, code);
  }
  report('default export', DEFAULT_EXPORT, code);
  report('work left for later', LEFT_FOR_LATER, text);
  if (VAGUE_NAME.test(path)) found.push(`${path}:1 a name that says nothing`);
  const lineCount = text.trimEnd().split('\n').length;
  if (lineCount > LINES_MAX) found.push(`${path}:${LINES_MAX} ${lineCount} lines, of ${LINES_MAX}`);
  return found;
}

function judgeImport(path: string, rule: Rule, { specifier }: Import): string[] {
  if (specifier === null) {
    return rule.kind === 'shell' ? [] : [`${rule.kind} code imports a computed path`];
  }
  if (specifier.startsWith('node:')) {
    const isAllowed = rule.node === 'any' || rule.node.includes(specifier.slice('node:'.length));
    return isAllowed ? [] : [`${rule.kind} code imports ${specifier}`];
  }
  if (specifier.startsWith('.')) return judgeNeighbour(path, rule, specifier);
  const parts = specifier.split('/');
  const name = parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
  return rule.packages.includes(name) ? [] : [`the package ${name} has no place here`];
}

function judgeNeighbour(path: string, rule: Rule, specifier: string): string[] {
  const target = posix.join(posix.dirname(path), specifier);
  if (target.endsWith('.json')) return [];
  if (!/\.[jt]s$/.test(target)) return [`import without its extension: ${specifier}`];
  const targetRule = ruleOf(target);
  const room = roomOf(target);
  if (!targetRule) return [`imports ${target}, which lies in no room`];
  if (room !== roomOf(path) && !rule.rooms.includes(room)) return [`may not import ${room}/`];
  if (IMPORTABLE[rule.kind].includes(targetRule.kind)) return [];
  return [`${rule.kind} code imports ${target}, which is ${targetRule.kind}`];
}
