import { test } from 'node:test';
import { type Case, contractCases } from './contract.ts';
import { removeCreated } from './removal.ts';
import { type Created, LeftOut, type Need, type Session, Stopped } from './session.ts';

export interface Tenant {
  /** For a case: with what it needs beside, or nothing. */
  session(needs: readonly Need[]): Session;
  /** What the tenant does not offer, and the sentence that says so. */
  readonly withholds: ReadonlyMap<Need, string>;
  /** Every client that the cases have worked with, and what it created. */
  readonly clients: readonly { readonly session: Session; readonly created: Created }[];
}

/**
 * Registers one test for each case, and at last the one that removes what they created. The names of cases that found that
 * the tenant cannot show the behaviour are added to what is returned.
 */
export function testContract(tenant: Tenant, beforeRemoval: () => Promise<void> = async () => {}): readonly string[] {
  const leftOut: string[] = [];
  for (const each of contractCases) {
    const { needs = [] } = each;
    const missing = needs.find((need) => tenant.withholds.has(need));
    const skip = missing !== undefined && `needs ${missing}: ${tenant.withholds.get(missing)}`;
    test(nameOf(each), { skip }, async (t) => {
      try {
        await each.run(tenant.session(needs));
      } catch (problem) {
        if (!(problem instanceof LeftOut || problem instanceof Stopped)) throw problem;
        leftOut.push(nameOf(each));
        t.skip(problem.message);
      }
    });
  }
  test('everything that the cases created is removed again, by its creator', async () => {
    await beforeRemoval();
    const left: string[] = [];
    for (const { session, created } of tenant.clients) left.push(...(await removeCreated(session, created)));
    if (left.length > 0) throw new Error(`still there:\n${left.join('\n')}`);
  });
  return leftOut;
}

export function nameOf({ number, name }: Case): string {
  return number === 'extra' ? `10 extra ${name}` : `10.${number} ${name}`;
}
