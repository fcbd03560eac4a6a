import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { SignedHead } from '../../events/signed-head.ts';
import { readWitnesses } from '../../events/witness.ts';
import { systemHost } from '../../host/system-host.ts';
import { countOf } from '../../workload/number-text.ts';
import { UsageError } from '../errors.ts';
import { examples } from '../examples.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Runner, Session } from '../session.ts';
import { wholeNumber } from '../values.ts';

type RestoreOptions = {
  readonly key: string;
  readonly witness?: string;
  readonly shards?: string;
};

export function addRestore(program: Command, { run }: Runner): void {
  program
    .command('restore <export>')
    .description('make a data folder (--data) out of an export, when the old one is lost')
    .requiredOption('--key <pem>', 'the private key that signed the log: keys/ledger-signing.key')
    .option('--witness <dir>', 'refuse an export that ends before what these witnesses saw')
    .option('--shards <number>', 'how many there are; only where the export does not say it')
    .addHelpText(
      'after',
      examples(
        'restore acme-log.jsonl --data new --key backup/ledger-signing.key',
        'restore acme-log.jsonl --data new --key backup/ledger-signing.key --witness old/witness',
      ),
    )
    .action(run(restore));
}

async function restore(session: Session, options: RestoreOptions, file: string): Promise<ExitCode> {
  const { screen, dataDir, signal } = session;
  const { restoreExport } = await import('../restore-export.ts');
  const { key, witness, shards } = options;
  screen.progress(() => `verifying ${file} …`);
  const settings = {
    file,
    dataDir,
    signingKeyPem: readKey(key),
    witnesses: witness === undefined ? [] : await witnessesIn(witness),
    shardCount: shards === undefined ? undefined : wholeNumber(shards, '--shards', 1),
    progress: (words: () => string) => screen.progress(words),
    signal,
  };
  const restored = await restoreExport(settings).catch((error: unknown) => {
    if (signal.aborted) return undefined;
    throw error;
  });
  if (restored === undefined) return EXIT.interrupted;
  const { messages, events } = restored;
  screen.result({ outcome: 'restored', dataDir, ...restored }, () =>
    [
      `restored ${countOf(events, 'event')} in ${countOf(messages, 'message')} of ` +
        `${countOf(restored.shards.length, 'shard')} to ${dataDir}, read back and verified`,
      'before it serves: see that nothing runs on the old folder, and never will again',
      `then: bursar up --data ${dataDir}`,
      'agents: `bursar agent add` each, or bring agents/ and keys/agents/ of the old folder first',
    ].join('\n'),
  );
  return EXIT.ok;
}

/** What a folder of witnesses saw; to name one that has none would look like a check, and be none. */
async function witnessesIn(folder: string): Promise<SignedHead[]> {
  const heads = await readWitnesses(systemHost.files, folder);
  if (heads.length > 0) return heads;
  throw new UsageError(
    `--witness: ${folder} has no witness.`,
    'Name the folder witness/ of the data folder that was lost, with its files head-N.json.',
  );
}

function readKey(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new UsageError(`--key: ${file} cannot be read.`, 'Give a PEM file.', cause);
  }
}
