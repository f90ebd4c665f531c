import { waitFor } from '../jobs/enqueue.ts';
import { REFUSED } from '../jobs/queues.ts';
import { CommandRefused, EXIT } from './exit.ts';

/** What a job returned, or its failed reason with the exit status that fits: the request was at fault, or the world. */
export async function resultOf(...[job, waiting]: Parameters<typeof waitFor>): Promise<unknown> {
  try {
    return await waitFor(job, waiting);
  } catch (error) {
    waiting.signal.throwIfAborted();
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandRefused(reason.startsWith(REFUSED) ? EXIT.problems : EXIT.failed, reason);
  }
}
