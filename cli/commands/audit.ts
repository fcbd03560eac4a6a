import type { Command } from 'commander';
import { headerOfExport } from '../../events/export-read.ts';
import { verifyExport } from '../../events/export-verify.ts';
import { exportLog } from '../../events/export-write.ts';
import { readEvent } from '../../events/upcast.ts';
import { type VerifyReport, verifyLedger } from '../../events/verify.ts';
import { readWitnesses } from '../../events/witness.ts';
import { systemHost } from '../../host/system-host.ts';
import { countOf, countText } from '../../workload/number-text.ts';
import { collect } from '../ask-options.ts';
import { auditExplain } from '../audit-explain.ts';
import { auditReplay } from '../audit-replay.ts';
import { UsageError } from '../errors.ts';
import { examples } from '../examples.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { believedKeys, type LogSource, withLog } from '../log-access.ts';
import { brokerAddress } from '../reach.ts';
import type { Colours } from '../screen.ts';
import type { Runner, Session } from '../session.ts';
import { showTime, wholeNumber } from '../values.ts';

export function addAuditCommands(program: Command, runner: Runner): void {
  const { run } = runner;
  const audit = program.command('audit').description('verify, replay, explain and export the log');
  audit
    .command('verify')
    .description('check every message of the log: places, chain, signatures, keys, witnesses')
    .option('--file <export>', 'check an export instead of the live log')
    .option('--key <pem>', 'believe this public key too; may be repeated', collect)
    .addHelpText('after', examples('audit verify', 'audit verify --file acme-log.jsonl'))
    .action(run(verify));
  audit
    .command('replay [path]')
    .description('every recorded event, of all teams or of a node and what is beneath it')
    .option('--file <export>', 'read an export instead of the live log')
    .option('--key <pem>', 'believe this public key too; may be repeated', collect)
    .option('--type <type>', 'only events of this type; may be repeated', collect)
    .option('--since <time>', 'only from this time on (ISO 8601)')
    .option('--until <time>', 'only up to this time (ISO 8601)')
    .addHelpText(
      'after',
      examples(
        'audit replay acme/research/run-42',
        'audit replay acme --type RequestDenied --json',
        'audit replay --file acme-log.jsonl --since 2026-05-01T00:00:00Z',
      ),
    )
    .action(run(auditReplay));
  audit
    .command('explain <id>')
    .description('all that the log says of an id, and what was true before each decision on it')
    .option('--file <export>', 'read an export instead of the live log')
    .option('--key <pem>', 'believe this public key too; may be repeated', collect)
    .addHelpText('after', examples('audit explain k3J9x --team acme'))
    .action(run(auditExplain));
  audit
    .command('export <file>')
    .description('write the log into a file that can be verified without the broker')
    .option('--shard <number>', 'only this shard; may be repeated', collect)
    .addHelpText('after', examples('audit export acme-log.jsonl'))
    .action(run(exportTo));
}

/** A block may be on its way to the log for so long after it was stamped, ms. */
const UNDER_WAY_MS = 10_000;

async function verify(session: Session, options: LogSource): Promise<ExitCode> {
  const { screen } = session;
  const { file } = options;
  if (file === undefined) brokerAddress(session);
  const { pinnedKeys, own } = believedKeys(session, options);
  const seen = own === undefined ? [] : await readWitnesses(systemHost.files, own.witnessFolder);
  const writtenAtMs = file === undefined ? undefined : (await headerOfExport(file))?.atMs;
  // What a witness saw after an export was written, or was under way then, need not be in it.
  const upToMs = writtenAtMs === undefined ? Infinity : writtenAtMs - UNDER_WAY_MS;
  const witnesses = seen.filter(({ atMs }) => atMs <= upToMs);
  const settings = { pinnedKeys, witnesses, parseEvent: readEvent };
  const reports =
    file === undefined
      ? await withLog(session, 'auditor', async ({ ledger, shards }) => {
          const all: VerifyReport[] = [];
          for (let shard = 0; shard < shards; shard += 1) {
            screen.progress(() => `verifying shard ${shard} of ${shards} …`);
            all.push(await verifyLedger(ledger, shard, settings));
          }
          return all;
        })
      : await verifyExport(file, settings);
  const ok = reports.every((report) => report.ok);
  const later = seen.length - witnesses.length;
  screen.result({ ok, shards: reports }, () =>
    [
      verifyText(reports, screen.paint),
      ...(writtenAtMs === undefined || later === 0
        ? []
        : [`written ${showTime(writtenAtMs)}; what was stored since is not in it`]),
    ].join('\n'),
  );
  return ok ? EXIT.ok : EXIT.unsound;
}

function verifyText(reports: readonly VerifyReport[], paint: Colours): string {
  const sum = (field: 'messages' | 'blocks' | 'events') =>
    reports.reduce((total, report) => total + report[field], 0);
  const lines = reports.flatMap((report) =>
    report.findings.map(
      ({ shard, seq, kind, detail, advice }) =>
        `${paint.red(kind)}  shard ${shard}, message ${seq}: ${detail}\n  ${advice}`,
    ),
  );
  const leftOut = reports.reduce((total, report) => total + report.findingsLeftOut, 0);
  if (leftOut > 0) lines.push(`… ${countText(leftOut)} more`);
  const what =
    `${countOf(sum('events'), 'event')} in ${countOf(sum('blocks'), 'block')} ` +
    `of ${countOf(reports.length, 'shard')}`;
  lines.push(
    lines.length === 0
      ? `${paint.green('whole')}: ${what}, every one in its place, chained and signed`
      : `${paint.red('not whole')}: ${what}`,
  );
  return lines.join('\n');
}

async function exportTo(
  session: Session,
  options: { readonly shard?: readonly string[] },
  file: string,
): Promise<ExitCode> {
  const { screen } = session;
  return withLog(session, 'auditor', async ({ ledger, shards }) => {
    const all = Array.from({ length: shards }, (_, shard) => shard);
    const chosen = (options.shard ?? []).map((text) => wholeNumber(text, '--shard'));
    const foreign = chosen.find((shard) => shard >= shards);
    if (foreign !== undefined) {
      throw new UsageError(`There is no shard ${foreign}.`, `They are 0 to ${shards - 1}.`);
    }
    const { messages, missing } = await exportLog(
      ledger,
      chosen.length > 0 ? chosen : all,
      file,
      Date.now(),
      shards,
    );
    screen.result({ outcome: 'exported', file, messages, missing }, () =>
      [
        `wrote ${countOf(messages, 'message')} to ${file}`,
        ...missing.map(
          ({ shard, count }) => `shard ${shard}: ${countOf(count, 'message')} unreadable`,
        ),
        `verify it: bursar audit verify --file ${file}`,
      ].join('\n'),
    );
    return missing.length === 0 ? EXIT.ok : EXIT.unsound;
  });
}
