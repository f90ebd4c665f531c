import { once } from 'node:events';
import { systemClock } from '../../src/runtime/clock.ts';

const LOOK_EVERY_MS = 20;

/** Where somebody waits for a value to come into a view. */
export interface Awaited {
  readonly viewUrl: string;
  readonly value: string;
}

/** That it came: when, in epoch ms, and how often was asked from the beginning on. */
export interface Seen {
  readonly at: number;
  readonly looks: number;
}

process.on('disconnect', () => process.exit());

/**
 * Looks as a firewall does, from elsewhere: neither the worker nor the server waits for it. It is told what to look for, looks
 * once, says so, and is told when to begin. It ends with whoever forked it.
 */
for (;;) {
  const [{ viewUrl, value }] = (await once(process, 'message')) as [Awaited];
  let etag = '';
  const holdsValue = async () => {
    // A view that did not change is not made again, and the look itself slows nothing down.
    const look = await fetch(viewUrl, { headers: { 'If-None-Match': etag } });
    const text = await look.text();
    etag = look.headers.get('ETag') ?? etag;
    return `\n${text}\n`.includes(`\n${value}\n`);
  };
  await holdsValue();
  const begin = once(process, 'message');
  process.send?.('looked');
  await begin;
  let looks = 1;
  for (; !(await holdsValue()); looks += 1) await systemClock.sleep(LOOK_EVERY_MS);
  process.send?.({ at: systemClock.now(), looks } satisfies Seen);
}
