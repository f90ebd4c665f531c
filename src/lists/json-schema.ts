import { z } from 'zod';
import { listSchema } from './list-schema.ts';

/** What `docs/lists.schema.json` holds: the keys of a list for editors, made of the schemas that `check` uses. */
export function listJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(listSchema, { target: 'draft-2020-12', io: 'input' });
  return {
    ...schema,
    title: 'A list of ctim-feeds',
    description: 'One allow or block list: docs/lists.md tells the format.',
  };
}
