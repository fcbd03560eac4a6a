import { EXIT } from './exit-codes.ts';

/** What a person pressed while a command ran. */
export type Interrupt = {
  /** Aborted by the first Ctrl-C, or by SIGTERM or SIGHUP. */
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
  for (const name of SIGNALS) process.on(name, onSignal);
  return {
    signal: controller.signal,
    end: () => {
      for (const name of SIGNALS) process.off(name, onSignal);
    },
  };
}
