import type { OnProgress } from './find-server.ts';
import { runCommand } from './run-command.ts';
import { probeServer, type ServerBinary } from './server-binary.ts';
import { isVersionAtLeast, MIN_SERVER_VERSION } from './server-version.ts';

const BREW_TIMEOUT_MS = 600_000;

/**
 * Installs nats-server with Homebrew, on macOS.
 *
 * @param reasons gets a line when it did not work
 */
export async function fetchWithHomebrew(
  _env: NodeJS.ProcessEnv,
  onProgress: OnProgress,
  reasons: string[],
): Promise<ServerBinary | undefined> {
  if (process.platform !== 'darwin') return undefined;
  onProgress('Installing nats-server with Homebrew …');
  try {
    await runCommand('brew', ['install', 'nats-server'], { timeoutMs: BREW_TIMEOUT_MS });
    const prefix = await runCommand('brew', ['--prefix', 'nats-server'], { timeoutMs: 60_000 });
    const found = await probeServer(`${prefix.trim()}/bin/nats-server`);
    if (found !== undefined && isVersionAtLeast(found.version, MIN_SERVER_VERSION)) return found;
    reasons.push(`Homebrew: its nats-server is ${found?.version ?? 'not runnable'}`);
  } catch (error) {
    reasons.push(`Homebrew: ${error instanceof Error ? error.message : error}`);
  }
  return undefined;
}
