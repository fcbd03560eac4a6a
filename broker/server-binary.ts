import { existsSync } from 'node:fs';
import { runCommand } from './run-command.ts';

/** An executable nats-server. */
export type ServerBinary = { readonly path: string; readonly version: string };

/** Asks the file for its version; undefined when it is not there or is no nats-server. */
export async function probeServer(path: string): Promise<ServerBinary | undefined> {
  if (!existsSync(path)) return undefined;
  try {
    const said = await runCommand(path, ['--version'], { timeoutMs: 10_000 });
    const version = /nats-server:? v?(\d+\.\d+\.\d+\S*)/.exec(said)?.[1];
    return version === undefined ? undefined : { path, version };
  } catch {
    return undefined;
  }
}
