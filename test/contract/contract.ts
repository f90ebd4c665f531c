import { authCases } from './auth.ts';
import { bulkCases } from './bulk.ts';
import { bundleCases } from './bundle.ts';
import { casebookCases } from './casebook.ts';
import { entityCases } from './entities.ts';
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
  ...bulkCases,
  ...bundleCases,
  ...verdictCases,
  ...authCases,
  ...incidentCases,
  ...casebookCases,
];
