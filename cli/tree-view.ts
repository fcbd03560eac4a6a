import type { BalanceTree } from '../projections/balance-lines.ts';
import type { Screen } from './screen.ts';
import { treeText } from './tree-text.ts';
import { showAmount, showTime } from './values.ts';

/** How a tree is shown again and again. */
export type TreeView = {
  show(tree: BalanceTree | undefined, path: string): void;
  /** The last time. */
  end(tree: BalanceTree | undefined, path: string): void;
};

/** Drawn in place on a terminal, a line for each change elsewhere. */
export function newTreeView(
  screen: Screen,
  settings: { readonly resource: string; readonly depth: number },
): TreeView {
  return screen.isLive ? new DrawnView(screen, settings) : new LineView(screen, settings);
}

const ALTERNATE = { on: '\x1b[?1049h\x1b[?25l', off: '\x1b[?25h\x1b[?1049l' } as const;

/** Draws the whole tree in place, on a screen of its own, and leaves the last one behind. */
class DrawnView implements TreeView {
  readonly #screen: Screen;
  readonly #settings: { readonly resource: string; readonly depth: number };
  #isOn = false;

  constructor(screen: Screen, settings: { readonly resource: string; readonly depth: number }) {
    this.#screen = screen;
    this.#settings = settings;
  }

  show(tree: BalanceTree | undefined, path: string): void {
    const screen = this.#screen;
    if (!this.#isOn) screen.draw(ALTERNATE.on);
    this.#isOn = true;
    const head = screen.paint.dim(`${showTime(Date.now())}  Ctrl-C ends it`);
    const lines = `${head}\n\n${this.#text(tree, path, screen.rows - 3)}`.split('\n');
    screen.draw(`\x1b[H${lines.map((line) => `${line}\x1b[K`).join('\n')}\x1b[J`);
  }

  end(tree: BalanceTree | undefined, path: string): void {
    if (this.#isOn) this.#screen.draw(ALTERNATE.off);
    this.#isOn = false;
    this.#screen.say(this.#text(tree, path, 200));
  }

  #text(tree: BalanceTree | undefined, path: string, linesMax: number): string {
    if (tree === undefined) return `${path} is not open`;
    const { columns, paint } = this.#screen;
    return treeText(tree, { ...this.#settings, linesMax, columns }, paint);
  }
}

/** A line for each node that has changed since it was last shown. */
class LineView implements TreeView {
  readonly #screen: Screen;
  readonly #settings: { readonly resource: string; readonly depth: number };
  readonly #shown = new Map<string, string>();
  #isMissingSaid = false;

  constructor(screen: Screen, settings: { readonly resource: string; readonly depth: number }) {
    this.#screen = screen;
    this.#settings = settings;
  }

  show(tree: BalanceTree | undefined, path: string): void {
    const seen = new Set<string>();
    if (tree !== undefined) this.#showNode(tree, 0, seen);
    for (const known of [...this.#shown.keys()]) {
      if (seen.has(known)) continue;
      this.#shown.delete(known);
      this.#screen.line({ path: known, phase: 'closed' }, () => `${known}  closed`);
    }
    if (tree === undefined && this.#shown.size === 0) this.#sayMissing(path);
  }

  end(tree: BalanceTree | undefined, path: string): void {
    this.show(tree, path);
  }

  #showNode(tree: BalanceTree, depth: number, seen: Set<string>): void {
    const { children, ...balance } = tree;
    seen.add(tree.path);
    const fingerprint = JSON.stringify(balance);
    if (this.#shown.get(tree.path) !== fingerprint) {
      this.#shown.set(tree.path, fingerprint);
      this.#screen.line(balance, () => this.#words(tree));
    }
    if (depth === this.#settings.depth) return;
    for (const child of children) this.#showNode(child, depth + 1, seen);
  }

  #words({ path, phase, lines, liveAllocations }: BalanceTree): string {
    const { resource } = this.#settings;
    const line = lines.find((one) => one.resource === resource);
    const show = (amount: number) => showAmount(resource, amount);
    const use =
      line === undefined
        ? 'nothing yet'
        : `${show(line.spentTree)} spent, ${show(line.heldTree)} held` +
          (line.limit === null ? '' : ` of ${show(line.limit)}`);
    return `${showTime(Date.now())}  ${path}  ${phase}  ${use}, ${liveAllocations} live`;
  }

  #sayMissing(path: string): void {
    if (this.#isMissingSaid) return;
    this.#isMissingSaid = true;
    this.#screen.aside(`${path} is not open`);
  }
}
