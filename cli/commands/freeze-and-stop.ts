import { type Command, Option } from 'commander';
import { teamOf } from '../../events/names.ts';
import { priorityFrom } from '../ask-options.ts';
import { examples } from '../examples.ts';
import type { Runner } from '../session.ts';
import { stopAndWait } from '../stop-progress.ts';
import { tellAnswer } from '../tell-answer.ts';
import { durationMs, nodePath } from '../values.ts';

type FreezeOptions = { readonly for?: string; readonly reason?: string };
type StopOptions = {
  readonly below?: string;
  readonly all?: boolean;
  readonly within?: string;
  readonly reason?: string;
  readonly wait?: boolean;
};

/** What an operator does in an emergency. */
export function addEmergencyCommands(program: Command, runner: Runner): void {
  addFreeze(program, runner);
  addStop(program, runner);
}

function addFreeze(program: Command, { run }: Runner): void {
  program
    .command('freeze <path>')
    .description('admit nothing new on a node and beneath it; what is held may still be settled')
    .option('--for <duration>', 'thaws by itself then (default: stays)')
    .option('--reason <text>', 'for those who ask')
    .addHelpText(
      'after',
      examples('freeze acme/research', 'freeze acme --for 10m --reason "bill looks wrong"'),
    )
    .action(
      run(async (session, { for: forText, reason }: FreezeOptions, text: string) => {
        const path = nodePath(text);
        return tellAnswer(session, teamOf(path), (client) =>
          client.freeze(path, {
            ...(forText === undefined ? {} : { forMs: durationMs(forText, '--for') }),
            ...(reason === undefined ? {} : { reason }),
          }),
        );
      }),
    );
  program
    .command('unfreeze <path> <freeze>')
    .description('lift one freeze, named by its id; `bursar balance` lists those in force')
    .addHelpText('after', examples('unfreeze acme/research k3J9x'))
    .action(
      run(async (session, _options: object, text: string, freeze: string) => {
        const path = nodePath(text);
        return tellAnswer(session, teamOf(path), (client) => client.unfreeze(path, freeze));
      }),
    );
}

function addStop(program: Command, { run }: Runner): void {
  program
    .command('stop <path>')
    .description('stop work beneath a node: agents are told, and what has not ended is fenced')
    .option('--below <priority>', 'stop what is below this priority (default: critical)')
    .addOption(new Option('--all', 'stop everything, whatever its priority').conflicts('below'))
    .option('--within <duration>', 'time to end (default: 10s)')
    .option('--reason <text>', 'for those who are stopped')
    .option('--wait', 'show who has acknowledged and ended until all stands still')
    .addHelpText(
      'after',
      examples(
        'stop acme/research --wait',
        'stop acme --all --within 30s --reason "runaway agents"',
      ),
    )
    .action(
      run(async (session, options: StopOptions, text: string) => {
        const path = nodePath(text);
        const terms = stopTerms(options);
        if (options.wait) return stopAndWait(session, path, terms);
        return tellAnswer(session, teamOf(path), (client) => client.stop(path, terms));
      }),
    );
  program
    .command('recover <path> <stop>')
    .description('lift one stop, named by its id; `bursar balance` lists those in force')
    .addHelpText('after', examples('recover acme/research k3J9x'))
    .action(
      run(async (session, _options: object, text: string, stop: string) => {
        const path = nodePath(text);
        return tellAnswer(session, teamOf(path), (client) => client.recover(path, stop));
      }),
    );
}

function stopTerms({ below, all, within, reason }: StopOptions) {
  return {
    ...(below === undefined ? {} : { below: priorityFrom(below, '--below') }),
    ...(all ? { below: 'all' as const } : {}),
    ...(within === undefined ? {} : { ackMs: durationMs(within, '--within') }),
    ...(reason === undefined ? {} : { reason }),
  };
}
