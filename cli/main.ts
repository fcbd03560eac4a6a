import { runCli } from './program.ts';

// A reader that has gone, such as `head`, is no fault: the command is told to end (interrupt.ts).
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
process.exitCode = await runCli(process.argv.slice(2));
