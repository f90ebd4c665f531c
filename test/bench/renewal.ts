import { type CtiaClient, makeCtiaClient, openCtia } from '../../src/ctia/client.ts';
import { readWill } from '../../src/jobs/desired.ts';
import { RENEW_EVERY_MS } from '../../src/plan/renewals.ts';
import { NO_APPROVAL } from '../../src/plan/safety.ts';
import { readActual } from '../../src/reconcile/actual.ts';
import { rightsOfThisRun } from '../../src/reconcile/bulk-rights.ts';
import { readState, renew } from '../../src/reconcile/renew.ts';
import { run } from '../../src/reconcile/run.ts';
import { DAY, MINUTE, systemClock } from '../../src/runtime/clock.ts';
import type { BenchServer } from './server.ts';

export interface RenewalCost {
  /** With what is held known from the ledger; counted by the server. */
  readonly requests: number;
  readonly seconds: number;
  /** What reading it in full costs beside, where there is no ledger. */
  readonly readRequests: number;
}

/**
 * Publishes a folder of lifetimes of seven days, and renews all of it four days later: in place, or, where bulk PUT is
 * refused, by succession. That it is refused is known by then, from the one request that was.
 */
export async function renewalCost(
  server: BenchServer,
  feedsDir: string,
  way: 'in place' | 'by succession',
): Promise<RenewalCost> {
  const clock = systemClock;
  const login = { clientId: 'client-1', clientPassword: 'secret' };
  const connection = openCtia({ clock, ctiaUrl: server.url, tokenUrl: server.url, ...login });
  try {
    const today = makeCtiaClient({ connection, clock, patienceMs: MINUTE });
    const report = await run({
      ...{ run: 'bench', client: today, clock, owner: 'bench', ownEmbedded: true, approval: NO_APPROVAL },
      async readDesired(adhocAllow) {
        const now = today.serverNow();
        return (await readWill({ feedsDir, ownEmbedded: true, adhocAllow, now })).desired;
      },
      exclusively: (work) => work(),
    });
    if (report.result !== 'verified') throw new Error(JSON.stringify(report, null, 2));

    const client: CtiaClient = { ...today, serverNow: () => today.serverNow() + 4 * DAY };
    const self = { owner: 'bench', organisation: (await client.identity()).organisation };
    const published = await server.used();
    const actual = await readActual(client, self);
    const read = await server.used();
    const rights = rightsOfThisRun();
    if (way === 'by succession') await rights.learn('bulk PUT is not granted');
    const began = performance.now();
    const { outcome } = await renew({
      ...{ client, clock, self, actual, everyMs: RENEW_EVERY_MS },
      findState: () => readState(client, self),
      origin: async () => undefined,
      exclusively: (work) => work(),
      rights,
    });
    const seconds = (performance.now() - began) / 1000;
    if (outcome.applied !== actual.judgements.size) throw new Error(JSON.stringify(outcome, null, 2));
    const after = await server.used();
    return {
      requests: after.requests - read.requests,
      seconds,
      readRequests: read.requests - published.requests,
    };
  } finally {
    connection.close();
  }
}
