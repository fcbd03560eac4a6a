import type { Target } from '../target.ts';
import { blockTarget } from './block.ts';
import { openCheckpointsTarget } from './checkpoints.ts';
import { codecTarget } from './codec.ts';
import { commandsTarget } from './commands.ts';
import { openExportTarget } from './export.ts';
import { journalTarget } from './journal.ts';
import { repliesTarget } from './replies.ts';
import { surfaceTarget } from './surface.ts';

/** Everything that is fuzzed, by name; what a target needs is made when it is opened. */
export const TARGETS: Readonly<Record<string, () => Target | Promise<Target>>> = {
  codec: () => codecTarget,
  block: () => blockTarget,
  commands: () => commandsTarget,
  surface: () => surfaceTarget,
  replies: () => repliesTarget,
  checkpoints: openCheckpointsTarget,
  journal: () => journalTarget,
  export: openExportTarget,
};
