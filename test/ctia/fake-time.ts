import type { Clock } from '../../src/runtime/clock.ts';

/** Time that passes only when somebody sleeps, or a test says so: nothing waits, and every wait can be counted. */
export interface FakeTime {
  readonly clock: Clock;
  /** Of a server in the same world: it tells the same time, and what sleeps by it sleeps until it is closed. */
  readonly serverClock: Clock;
  /** The waits so far, in ms. */
  readonly slept: number[];
  step(ms: number): void;
}

export function fakeTime({ start = '2026-11-25T02:00:00.000Z', serverAheadMs = 0 } = {}): FakeTime {
  let now = Date.parse(start);
  const slept: number[] = [];
  return {
    slept,
    step(ms) {
      now += ms;
    },
    clock: {
      now: () => now,
      sleep: async (ms, signal) => {
        signal?.throwIfAborted();
        slept.push(ms);
        now += ms;
      },
    },
    serverClock: {
      now: () => now + serverAheadMs,
      sleep: (_, signal) =>
        new Promise((_resolve, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
        }),
    },
  };
}
