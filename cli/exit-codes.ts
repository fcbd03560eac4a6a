/** How a command ends, for scripts. The same for every command. */
export const EXIT = {
  /** Done as asked. */
  ok: 0,
  /** Not done: refused or denied by the governor, or something failed on the way. */
  failed: 1,
  /** The command line, or a file named on it, cannot be understood. */
  usage: 2,
  /** No broker or no writer answers. */
  noServer: 3,
  /** A check found something wrong: with the log, the books or the installation. */
  unsound: 4,
  /** A fault of bursar itself. */
  internal: 70,
  /** Ended by Ctrl-C. */
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** For `--help`. */
export const EXIT_HELP = [
  'Exit codes:',
  '  0    done',
  '  1    refused, denied, or failed on the way',
  '  2    wrong option, argument or file',
  '  3    no broker or no writer answers',
  '  4    a check found something wrong (audit verify, projections check, doctor)',
  '  70   a fault of bursar itself',
  '  130  ended by Ctrl-C',
].join('\n');
