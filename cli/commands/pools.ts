import type { Command } from 'commander';
import { teamOf } from '../../events/names.ts';
import { examples } from '../examples.ts';
import { EXIT } from '../exit-codes.ts';
import { poolsText } from '../pool-text.ts';
import { withGovernor } from '../reach.ts';
import type { Runner } from '../session.ts';
import { nodePath } from '../values.ts';

export function addPools(program: Command, { run }: Runner): void {
  program
    .command('pools <path>')
    .description('the pools that a node may use: load, weight, who holds what and for how long')
    .addHelpText('after', examples('pools acme', 'pools acme/research/run-42 --json'))
    .action(
      run(async (session, _options: object, text: string) => {
        const path = nodePath(text);
        const { pools = [] } = await withGovernor(session, teamOf(path), (client) =>
          client.balance(path, { pools: true }),
        );
        session.screen.result({ path, pools }, () => poolsText(pools, session.screen.paint));
        return EXIT.ok;
      }),
    );
}
