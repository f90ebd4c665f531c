import type { Exit } from './exit.ts';
import type { Session, SessionParts } from './session.ts';

const STOPPED_AT_ONCE = 130;

/** Opens a session, runs the command, closes what was opened in reverse order, and tells the exit status. */
export async function execute(
  { env, flags, level }: Pick<SessionParts, 'env' | 'flags' | 'level'>,
  command: (session: Session) => Promise<Exit>,
): Promise<Exit> {
  const { makeSession } = await import('./session.ts');
  const { EXIT, exitOfError } = await import('./exit.ts');
  const stop = stopBySignal();
  const fail = (error: unknown): Exit => {
    const exit = exitOfError(error);
    // A known failure is one message; anything else is a bug and shows where it happened.
    console.error(exit !== undefined && error instanceof Error ? `error: ${error.message}` : error);
    return exit ?? EXIT.failed;
  };
  let session: Session | undefined;
  let exit: Exit;
  try {
    session = makeSession({ env, flags, level, signal: stop });
    for (const hint of session.config.hints) console.error(`hint: ${hint}`);
    exit = await command(session);
  } catch (error) {
    // Who was asked to stop while it worked, and did so in order, has not failed.
    exit = stop.aborted && error === stop.reason ? EXIT.done : fail(error);
  }
  try {
    await session?.releases.releaseAll();
  } catch (error) {
    exit = fail(error);
  }
  return exit;
}

/** The first signal stops in order, the second at once. No SIGPIPE: Node ignores it, and a closed pipe is an error on write. */
function stopBySignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(STOPPED_AT_ONCE);
      console.error('Stopping in order; once more stops at once.');
      stop.abort(new Error('stopped by a signal'));
    });
  }
  return stop.signal;
}
