import type { CtiaClient } from '../ctia/client.ts';
import { entryId, generationOf } from '../ctim/external-id.ts';
import { LINK_TYPE } from '../ctim/feed.ts';
import type { ActualJudgement, ActualLink } from '../plan/actual.ts';
import type { EntryRecord } from '../plan/learned.ts';
import { actualJudgement, isOurs, type Self } from './actual.ts';

/**
 * Everything that we hold of one entry, read back by its id: a request for its judgements, and one for the links of each.
 * Links of a judgement that is gone are found by what was known of it before.
 */
export async function lookAtEntry(client: CtiaClient, self: Self, h: string, known: EntryRecord): Promise<EntryRecord> {
  // CTIA folds case here; what is another's or of another entry is left out below.
  const stored = await client.allByExternalId('judgement', entryId(self.owner, h));
  const judgements: ActualJudgement[] = [];
  const dangling: ActualLink[] = [];
  for (const id of new Set([...stored, ...known.judgements].map((it) => it.id))) {
    const links = (await client.allLinksFrom(id)).flatMap((link): ActualLink[] => {
      const generation = generationOf(self.owner, 'link', link.externalIds);
      if (!isOurs(self, link) || generation === undefined || link.relationship_type !== LINK_TYPE) return [];
      return [{ id: link.id, g: generation.g, target: link.target_ref, tlp: link.tlp }];
    });
    const found = stored.find((it) => it.id === id);
    const ours =
      found &&
      actualJudgement(
        self,
        found,
        links.map((link) => ({ link })),
        (words) => words,
      );
    if (ours?.h === h) judgements.push(ours);
    else dangling.push(...links);
  }
  const stillThere = new Set((await client.linksById(known.dangling.map(({ id }) => id))).map(({ id }) => id));
  dangling.push(...known.dangling.filter(({ id }) => stillThere.has(id)));
  return { judgements, dangling };
}
