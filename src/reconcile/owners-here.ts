import type { CtiaClient } from '../ctia/client.ts';
import { ownerOfMark } from '../ctim/external-id.ts';
import { STATE_TITLE } from '../plan/documents.ts';
import type { Self } from './actual.ts';

/** One that applied lists here, and from where. While it is renamed, by its old name. */
export interface OwnerHere {
  readonly owner: string;
  readonly repository: string | undefined;
}

/** All of our organisation. One request, asked at first contact alone. */
export async function findOwnersHere(client: CtiaClient, { organisation }: Self): Promise<OwnerHere[]> {
  const states = await client.allByTitle('indicator', [STATE_TITLE]);
  return states
    .filter(({ title, groups }) => title === STATE_TITLE && groups.includes(organisation))
    .flatMap(({ externalIds, source_uri: repository }) =>
      externalIds.flatMap((id) => ownerOfMark(id) ?? []).map((owner) => ({ owner, repository })),
    );
}
