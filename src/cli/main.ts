import { CommanderError } from 'commander';
import { makeProgram } from './commands.ts';

/** Of a command line that no command understands. */
const USAGE = 2;

export async function main(argv: string[], env: NodeJS.ProcessEnv): Promise<void> {
  try {
    await makeProgram(env).parseAsync(argv);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? 0 : USAGE;
  }
}
