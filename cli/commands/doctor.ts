import type { Command } from 'commander';
import type { BrokerCheck } from '../../broker/checks.ts';
import { examine } from '../examine.ts';
import { examples } from '../examples.ts';
import { EXIT } from '../exit-codes.ts';
import type { Colours } from '../screen.ts';
import type { Runner } from '../session.ts';

export function addDoctor(program: Command, { run }: Runner): void {
  program
    .command('doctor')
    .description('check the folder, the keys, the broker, the log and the writer')
    .option('--declare-sync-always', 'vouch that the server of NATS_URL syncs every write')
    .addHelpText('after', examples('doctor', 'doctor --json'))
    .action(
      run(async (session, options: { readonly declareSyncAlways?: boolean }) => {
        const { checks, isBrokerThere } = await examine(
          session,
          options.declareSyncAlways === true,
        );
        const ok = checks.every((check) => check.ok);
        session.screen.result({ ok, checks }, () => checksText(checks, session.screen.paint));
        if (ok) return EXIT.ok;
        return isBrokerThere ? EXIT.unsound : EXIT.noServer;
      }),
    );
}

function checksText(checks: readonly BrokerCheck[], paint: Colours): string {
  const width = Math.max(...checks.map(({ check }) => check.length));
  const lines = checks.map(({ check, ok, detail, advice }) => {
    const mark = ok ? paint.green('✓') : paint.red('✗');
    const line = `${mark} ${check.padEnd(width)}  ${detail}`;
    return ok || advice === '' ? line : `${line}\n    ${advice}`;
  });
  const failed = checks.filter(({ ok }) => !ok).length;
  const verdict =
    failed === 0 ? paint.green('all is well') : paint.red(`${failed} of ${checks.length} fail`);
  return `${lines.join('\n')}\n${verdict}`;
}
