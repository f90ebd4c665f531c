import { CommanderError } from 'commander';
import { makeProgram } from './commands.ts';

/** Of a command line that no command understands. */
const USAGE = 2;

export async function main(argv: string[], env: NodeJS.ProcessEnv): Promise<void> {
  goOnWithoutReaders();
  try {
    await makeProgram(env).parseAsync(argv);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? 0 : USAGE;
  }
}

/** Who reads us may have seen enough (`| head`) or be gone: a worker goes on all the same, and a command ends as it would have. */
function goOnWithoutReaders(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
}
