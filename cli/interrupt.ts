import { EXIT } from './exit-codes.ts';

/** That a command is to end before it is done. */
export type Interrupt = {
  /** Aborted by the first Ctrl-C, by SIGTERM or SIGHUP, or when nobody reads stdout any more. */
  readonly signal: AbortSignal;
  /** Stops listening. */
  end(): void;
};

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Listens for Ctrl-C. The first asks the command to clean up and end; the third ends the process
 * where it stands, for a person who will not wait.
 */
export function listenForInterrupt(say: (words: string) => void): Interrupt {
  const controller = new AbortController();
  let count = 0;
  const onSignal = () => {
    count += 1;
    if (count === 1) controller.abort();
    if (count === 2) say('Cleaning up; once more ends it at once.');
    if (count >= 3) process.exit(EXIT.interrupted);
  };
  const onBroken = () => controller.abort();
  for (const name of SIGNALS) process.on(name, onSignal);
  process.stdout.on('error', onBroken);
  return {
    signal: controller.signal,
    end: () => {
      for (const name of SIGNALS) process.off(name, onSignal);
      process.stdout.off('error', onBroken);
    },
  };
}
