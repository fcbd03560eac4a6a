import path from 'node:path';
import type { Command } from 'commander';
import { runningServer } from '../../broker/data-folder.ts';
import { countOf } from '../../workload/number-text.ts';
import { NoServerError } from '../errors.ts';
import { examples } from '../examples.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { LocalGovernor } from '../local-governor.ts';
import type { Runner, Session } from '../session.ts';
import { wholeNumber } from '../values.ts';

type UpOptions = {
  readonly port?: string;
  readonly shards?: string;
  readonly broker: boolean;
  readonly writer: boolean;
  readonly projector: boolean;
  readonly declareSyncAlways?: boolean;
};

export function addUp(program: Command, { run }: Runner): void {
  program
    .command('up')
    .description('start the broker, the writer and the projector, until Ctrl-C')
    .option('--port <number>', 'of the broker on 127.0.0.1; 0 picks a free one (default: 4333)')
    .option('--shards <number>', 'fixed at the first start on a data folder (default: 8)')
    .option('--no-broker', 'join the broker that another process runs on this folder')
    .option('--no-writer', 'no writer: nothing is decided here')
    .option('--no-projector', 'no projector: no checkpoints, no live feed of single events')
    .option('--declare-sync-always', 'vouch that the server of NATS_URL syncs every write')
    .addHelpText(
      'after',
      examples(
        'up',
        'up --data /var/lib/bursar --port 4444',
        'up --no-broker             a second writer: takes over when the first is gone',
        'up --no-writer --json      the broker alone',
      ),
    )
    .action(run(up));
}

const PORT_MAX = 65_535;

async function up(session: Session, options: UpOptions): Promise<ExitCode> {
  const { screen, dataDir, signal } = session;
  const port =
    options.port === undefined ? undefined : wholeNumber(options.port, '--port', 0, PORT_MAX);
  const shards =
    options.shards === undefined ? undefined : wholeNumber(options.shards, '--shards', 1);
  // Loaded here alone: other commands need no writer.
  const { processLog, startGovernor } = await import('../local-governor.ts');
  const tell = (words: string) => {
    screen.line({ event: 'progress', text: words }, () => `  ${words}`);
  };
  screen.line({ event: 'starting', dataDir }, () => `${screen.paint.bold('Bursar')} on ${dataDir}`);
  const governor = await startGovernor({
    dataDir,
    tell,
    port,
    shards,
    natsUrl: session.env['NATS_URL'],
    runningUrl: options.broker ? undefined : runningUrl(session),
    hasWriter: options.writer,
    hasProjector: options.projector,
    isSyncAlwaysDeclared: options.declareSyncAlways,
    log: session.isVerbose
      ? processLog('stderr', 'info')
      : processLog(path.join(dataDir, 'bursar.log'), 'info'),
  });
  try {
    await untilReady(governor, signal);
    if (!signal.aborted) tellReady(session, governor);
    return await untilEnd(session, governor);
  } finally {
    if (signal.aborted) screen.line({ event: 'stopping' }, () => 'stopping …');
    await governor.stop();
    screen.line({ event: 'stopped' }, () => 'stopped; the books are on the disk');
  }
}

function runningUrl({ dataDir, env }: Session): string {
  const url = env['NATS_URL'] || runningServer(dataDir)?.url;
  if (url === undefined) throw new NoServerError(dataDir);
  return url;
}

/** A standby is ready too: it serves when the owner is gone. */
async function untilReady({ writer }: LocalGovernor, signal: AbortSignal): Promise<void> {
  const isBusy = () => writer?.status().some(({ state }) => state === 'replaying') ?? false;
  const startMs = performance.now();
  const hasBegun = () => performance.now() - startMs > STANDBY_MS || isServing(writer);
  while (!signal.aborted && (isBusy() || !hasBegun())) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** After this long without a claim another process owns the shards, ms. */
const STANDBY_MS = 700;

function isServing(writer: LocalGovernor['writer']): boolean {
  return writer?.status().every(({ state }) => state === 'serving' || state === 'frozen') ?? true;
}

function tellReady({ screen, dataDir }: Session, { url, writer, broker }: LocalGovernor): void {
  const shards = writer?.status() ?? [];
  const count = (state: string) => shards.filter((shard) => shard.state === state).length;
  const json = { event: 'ready', url, dataDir, pid: process.pid, brokerPid: broker.pid, shards };
  screen.line(json, () => {
    const { paint } = screen;
    const lines: string[] = [];
    if (writer !== undefined) {
      const events = shards.reduce((sum, { seq }) => sum + seq, 0);
      lines.push(
        `  the writer serves ${count('serving')} of ${countOf(shards.length, 'shard')}, ` +
          `${countOf(events, 'message')} in their logs`,
      );
      if (count('standby') > 0) lines.push('  another process owns the others; this one stands by');
    }
    for (const { shard, state, problem } of shards) {
      if (state === 'frozen') {
        lines.push(
          paint.red(`  shard ${shard} is frozen: ${problem?.message ?? 'see bursar doctor'}`),
        );
      }
    }
    lines.push(`${paint.green('Ready.')} ${url}   Ctrl-C ends it.`);
    if (count('serving') > 0) lines.push(paint.dim('  next: bursar open acme --credits 10'));
    return lines.join('\n');
  });
}

/** Until Ctrl-C, or until the broker has ended by itself. */
async function untilEnd(session: Session, { crashed }: LocalGovernor): Promise<ExitCode> {
  const { signal } = session;
  if (signal.aborted) return EXIT.ok;
  const aborted = new Promise<'aborted'>((resolve) =>
    signal.addEventListener('abort', () => resolve('aborted'), { once: true }),
  );
  const end = await Promise.race([aborted, crashed]);
  if (end !== 'aborted') throw end;
  return EXIT.ok;
}
