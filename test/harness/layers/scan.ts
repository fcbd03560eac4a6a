export type Import = {
  /** What is imported; null for a path that is computed at run time. */
  specifier: string | null;
  line: number;
};

export type Scan = {
  /** The source with comments and the insides of strings, templates and patterns blanked out. */
  code: string;
  imports: Import[];
};

/**
 * Finds every static, type-only, side-effect and dynamic import, `require` and re-export of a
 * source text. It reads tokens rather than lines, so that an import inside a comment or a string
 * is none, and one spread over lines is one.
 */
export function scanSource(text: string): Scan {
  const { code, literals } = maskLiterals(text);
  const imports: Import[] = [];
  for (const [start, specifier] of literals) {
    const before = code.slice(0, start);
    if (/(?<![.\w$])(?:from|import)\s*$/.test(before.slice(-200))) {
      imports.push({ specifier, line: lineAt(code, start) });
    }
  }
  for (const call of code.matchAll(/(?<![.\w$])(?:import|require)\s*\(\s*/g)) {
    const argumentStart = call.index + call[0].length;
    const specifier = literals.get(argumentStart) ?? null;
    imports.push({ specifier, line: lineAt(code, call.index) });
  }
  return { code, imports };
}

/** The line of an offset, counted from 1. */
export function lineAt(code: string, offset: number): number {
  return code.slice(0, offset).split('\n').length;
}

type Masked = { code: string; literals: Map<number, string> };

/** `literals` maps the offset of an opening quote to the text inside. */
function maskLiterals(text: string): Masked {
  const literals = new Map<number, string>();
  /** For each open template hole, the number of braces open inside it. */
  const holes: number[] = [];
  let code = '';

  const blankTo = (end: number) => {
    code += text.slice(code.length, end).replace(/[^\n]/g, ' ');
  };
  const copyTo = (end: number) => {
    code += text.slice(code.length, end);
  };
  const endTemplate = () => {
    const end = templateEnd(text, code.length);
    blankTo(end);
    if (text.startsWith('${', end)) holes.push(0);
    copyTo(Math.min(text.length, text[end] === '`' ? end + 1 : end + 2));
  };

  if (text.startsWith('#!')) blankTo(text.indexOf('\n'));
  while (code.length < text.length) {
    const start = code.length;
    const character = text[start];
    if (text.startsWith('//', start)) blankTo(indexOrEnd(text, '\n', start));
    else if (text.startsWith('/*', start)) blankTo(indexOrEnd(text, '*/', start) + 2);
    else if (character === "'" || character === '"') {
      const end = quoteEnd(text, start);
      literals.set(start, text.slice(start + 1, end));
      copyTo(start + 1);
      blankTo(end);
      copyTo(Math.min(end + 1, text.length));
    } else if (character === '`') {
      copyTo(start + 1);
      endTemplate();
      if (code.endsWith('`')) literals.set(start, text.slice(start + 1, code.length - 1));
    } else if (character === '}' && holes.at(-1) === 0) {
      holes.pop();
      copyTo(start + 1);
      endTemplate();
    } else if (character === '/' && isPatternAllowed(code)) {
      copyTo(start + 1);
      blankTo(patternEnd(text, start));
      copyTo(code.length + 1);
    } else {
      if (character === '{' || character === '}') countBrace(holes, character);
      copyTo(start + 1);
    }
  }
  return { code, literals };
}

function countBrace(holes: number[], brace: '{' | '}'): void {
  const open = holes.pop();
  if (open !== undefined) holes.push(open + (brace === '{' ? 1 : -1));
}

function indexOrEnd(text: string, part: string, from: number): number {
  const index = text.indexOf(part, from);
  return index < 0 ? text.length : index;
}

/** A quoted string ends at its quote, or, should this scan be mistaken, with the line. */
function quoteEnd(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== text[start] && text[at] !== '\n') {
    at += text[at] === '\\' ? 2 : 1;
  }
  return Math.min(at, text.length);
}

function templateEnd(text: string, start: number): number {
  let at = start;
  while (at < text.length && text[at] !== '`' && !text.startsWith('${', at)) {
    at += text[at] === '\\' ? 2 : 1;
  }
  return Math.min(at, text.length);
}

function patternEnd(text: string, start: number): number {
  let isInClass = false;
  let at = start + 1;
  while (at < text.length && text[at] !== '\n' && (isInClass || text[at] !== '/')) {
    if (text[at] === '[') isInClass = true;
    if (text[at] === ']') isInClass = false;
    at += text[at] === '\\' ? 2 : 1;
  }
  return Math.min(at, text.length);
}

/** Whether a slash after this code opens a pattern; else it divides. */
function isPatternAllowed(code: string): boolean {
  const before = code.slice(-200).trimEnd();
  if (/(?<![.\w$])(?:return|typeof|case|in|of|await|yield|else|throw|void)$/.test(before))
    return true;
  return !/[\w$)\]}'"`]$/.test(before);
}
