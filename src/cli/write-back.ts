import type { ListAction } from '../ctim/feed.ts';
import type { HandResult, PersonRequest } from '../jobs/by-hand.ts';
import { adhocList, adhocName } from '../lists/adhoc-list.ts';
import { normalise } from '../lists/normalise.ts';
import { openWriteBack, WriteBackError, type Written } from '../sources/write-back.ts';
import { CommandRefused, EXIT } from './exit.ts';
import type { Session } from './session.ts';

export interface WriteBackOptions {
  readonly branch: string | undefined;
  readonly author: string | undefined;
}

/**
 * `--commit`: what was done by hand as a commit on a branch, for others to look at. What hinders it is found before
 * anything is done; what is done stays done where it fails later.
 */
export async function prepareWriteBack(
  { config }: Session,
  { branch, author }: WriteBackOptions,
  { name, payload }: PersonRequest,
): Promise<(result: HandResult) => Promise<Written & { said: string }>> {
  if (name === 'panic' || payload.for === undefined)
    throw new CommandRefused(EXIT.usage, '--commit writes what is blocked or let through for a time: say --for, too');
  if (name === 'remove' && payload.carveOut)
    throw new CommandRefused(
      EXIT.usage,
      '--commit cannot write a split range: write "carve_out: true" to its line yourself',
    );
  const action: ListAction = name === 'add' ? 'block' : 'allow';
  const channel = (name === 'add' ? payload.channel : undefined) ?? `firewall-${action}`;
  const normalised = normalise(payload.value, payload.type === undefined ? {} : { type: payload.type });
  if ('refused' in normalised) throw new CommandRefused(EXIT.problems, normalised.refused.message);
  const { observable } = normalised;
  const open = await said(EXIT.usage, () =>
    openWriteBack({
      feedsDir: config.feedsDir,
      branch: branch ?? `adhoc/${adhocName(action, observable)}`,
      author,
      fetched: config.repository !== undefined,
    }),
  );
  return async (result) => {
    const until = 'until' in result && result.until !== undefined ? result.until : '';
    const reason = payload.reason ?? 'let through by hand';
    const { ticket, source_uri } = name === 'add' ? payload : {};
    const words = { reason, ticket, source_uri };
    const file = adhocList({ action, channel, observable, ...words, until, by: open.author });
    const title = `${action === 'block' ? 'Block' : 'Let through'} ${observable.value} until ${until}`;
    const written = await said(EXIT.failed, () =>
      open.commit(file, `${title}\n\n${reason}\n\nDone by hand already; this keeps it in the lists.\n`),
    );
    const where = written.pushed ? 'pushed: open a pull request' : `here: git push origin ${written.branch}`;
    return { ...written, said: `commit ${written.commit} on branch ${written.branch}, ${where}` };
  };
}

async function said<T>(exit: typeof EXIT.usage | typeof EXIT.failed, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof WriteBackError)) throw error;
    const done = exit === EXIT.failed ? 'it is done, and not written back: ' : '';
    throw new CommandRefused(exit, `${done}${error.message}`);
  }
}
