import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  type GovernorSettings,
  type LocalGovernor,
  processLog,
  startGovernor,
} from '../cli/local-governor.ts';
import { runCli } from '../cli/program.ts';
import { assert } from './harness/suite.ts';

/** What one command line came to. */
export type Ran = { readonly code: number; readonly stdout: string; readonly stderr: string };

/** A folder, perhaps with a governor on it, and command lines against it. */
export class CliRig {
  readonly root = mkdtempSync(path.join(tmpdir(), 'bursar-cli-'));
  readonly dataDir = path.join(this.root, 'data');
  #governor: LocalGovernor | undefined;

  /** Starts broker, writer and projector in this process, or those that are asked for. */
  async start(settings: Partial<GovernorSettings> = {}): Promise<LocalGovernor> {
    this.#governor = await startGovernor({
      dataDir: this.dataDir,
      port: 0,
      shards: 2,
      natsUrl: '',
      hasWriter: true,
      hasProjector: false,
      log: processLog('stderr', 'silent'),
      tell: () => {},
      ...settings,
    });
    await this.#governor.writer?.ready();
    return this.#governor;
  }

  /** Runs one command line against this folder, in this process. */
  async run(...args: readonly string[]): Promise<Ran> {
    return runHere(['--data', this.dataDir, ...args]);
  }

  /** Runs one with `--json`, which must give one document on stdout and nothing on stderr. */
  async json(...args: readonly string[]): Promise<{ code: number; document: Json }> {
    const { code, stdout, stderr } = await this.run(...args, '--json');
    assert.is(stderr, '', 'nothing on stderr');
    return { code, document: JSON.parse(stdout) as Json };
  }

  /** As {@link json}; must end well. */
  async done(...args: readonly string[]): Promise<Json> {
    const { code, document } = await this.json(...args);
    assert.is(code, 0, `${args.join(' ')}: ${JSON.stringify(document)}`);
    return document;
  }

  /** Lines of JSON of a command that lists things. */
  async lines(...args: readonly string[]): Promise<Json[]> {
    const { code, stdout } = await this.run(...args, '--json');
    assert.is(code, 0, stdout);
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Json);
  }

  async stop(): Promise<void> {
    await this.#governor?.stop();
    this.#governor = undefined;
  }

  async close(): Promise<void> {
    await this.stop();
    rmSync(this.root, { recursive: true, force: true });
  }
}

// biome-ignore lint/suspicious/noExplicitAny: what a command prints is looked at field by field
export type Json = any;

/** Runs a command line in this process; its streams are no terminals. */
export async function runHere(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  const stdout: string[] = [];
  const stderr: string[] = [];
  const code = await runCli(args, {
    stdout: { write: (text) => stdout.push(text) },
    stderr: { write: (text) => stderr.push(text) },
    env,
  });
  return { code, stdout: stdout.join(''), stderr: stderr.join('') };
}
