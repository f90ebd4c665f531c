import type { Job } from 'bullmq';
import { hostOf, send } from '../notify/send.ts';
import type { Clock } from '../runtime/clock.ts';
import type { NotifyTarget } from '../runtime/notify-targets.ts';
import { DelayedError, UnrecoverableError } from './bullmq.ts';
import { type MessageData, targetId } from './notifier.ts';
import { REFUSED } from './queues.ts';

/** One message to one target; what it does not take now is tried again later. */
export async function processMessage(
  { targets, clock }: { readonly targets: readonly NotifyTarget[]; readonly clock: Clock },
  job: Job<MessageData>,
  token: string,
  signal?: AbortSignal,
): Promise<{ to: string }> {
  const target = targets.find((known) => targetId(known) === job.data.target);
  if (target === undefined) throw new UnrecoverableError(`${REFUSED}NOTIFY_URLS of this worker has no such address`);
  const sent = await send(target, job.data.message, signal);
  switch (sent.is) {
    case 'sent':
      return { to: hostOf(target) };
    case 'refused':
      throw new UnrecoverableError(sent.message);
    case 'failed':
      if (sent.retryAfterMs === undefined) throw new Error(sent.message);
      await job.moveToDelayed(clock.now() + sent.retryAfterMs, token);
      throw new DelayedError();
  }
}
