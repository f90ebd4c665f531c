import { createInterface } from 'node:readline/promises';
import { CommandRefused, EXIT } from './exit.ts';
import type { Session } from './session.ts';

/** Asks a person before what cannot be undone. Where nobody sits at a terminal, it must have been said before. */
export async function confirmed(session: Session, question: string, yes: boolean): Promise<boolean> {
  if (yes) return true;
  if (!process.stdin.isTTY) throw new CommandRefused(EXIT.held, `${question} nothing was done: say --yes`);
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await asking.question(`${question} [y/N] `, { signal: session.signal });
    return /^y(?:es)?$/i.test(answer.trim());
  } finally {
    asking.close();
  }
}
