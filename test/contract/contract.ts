import { accessCases } from './access.ts';
import { authCases } from './auth.ts';
import { bulkCases } from './bulk.ts';
import { bundleCases } from './bundle.ts';
import { casebookCases } from './casebook.ts';
import { entityCases, metricCase } from './entities.ts';
import { feedCases } from './feed.ts';
import { incidentCases } from './incident.ts';
import { judgementCases } from './judgement.ts';
import { searchCases } from './search.ts';
import type { Need, Session } from './session.ts';
import { verdictCases } from './verdict.ts';

/**
 * One behaviour of CTIA that a client may rely on, seen from outside. The numbers are those of CTIA's own tests as our
 * API reference lists them (§10); "extra" stands below that table. Written from the reference alone: our server is
 * the other reading of it.
 */
export interface Case {
  readonly number: number | 'extra';
  readonly name: string;
  readonly needs?: readonly Need[];
  run(session: Session): Promise<void>;
}

export const contractCases: readonly Case[] = [
  ...entityCases,
  ...judgementCases,
  ...feedCases,
  ...searchCases,
  metricCase,
  ...bulkCases,
  ...bundleCases,
  ...verdictCases,
  ...authCases,
  ...accessCases,
  ...incidentCases,
  ...casebookCases,
];

/** How many rows §10 has. */
export const LAST_NUMBER = 74;

/** What of §10 is not here, as a whole or in part, and why. */
export const NOT_HERE: readonly { readonly number: number; readonly part: string; readonly why: string }[] = [
  {
    number: 44,
    part: 'two imports at once',
    why: 'a race: none or both may be created, and CTIA has switched its own test off',
  },
  { number: 52, part: 'max-record-visibility', why: 'configuration of the server; ours has the value that is shipped' },
  { number: 57, part: 'limits of one client, Redis down', why: 'configuration of the server; ours counts in memory' },
  {
    number: 59,
    part: 'wrong issuer',
    why: 'needs the private key of the tenant; auth.test.ts of the embedded server signs its own',
  },
  { number: 71, part: 'the middleware alone', why: 'seen from outside on view.txt, the one path that ends in .txt' },
];
