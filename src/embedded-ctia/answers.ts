import { z } from 'zod';
import { TLPS } from '../ctim/judgement.ts';
import type { Kind } from './kinds.ts';
import { instant, text, texts } from './schema.ts';

/**
 * What routes answer, for `/swagger.json`: the schemas of the requests with what the server sets. Nothing that is sent is
 * checked by them, the tests do that.
 */
export function storedOf(kind: Kind): z.ZodType {
  let stored = STORED.get(kind.name);
  if (stored === undefined) {
    const { schema } = kind;
    if (!(schema instanceof z.ZodObject)) throw new Error(`a ${kind.name} is no object`);
    stored = schema.extend({ ...set, type: z.literal(kind.name) });
    STORED.set(kind.name, stored);
  }
  return stored;
}

/** One schema for each kind, since it is by the schema that the document knows what has a name. */
const STORED = new Map<string, z.ZodType>();

const set = {
  id: text,
  schema_version: text,
  owner: text,
  groups: texts,
  tlp: z.enum(TLPS),
  timestamp: instant,
  created: instant,
  modified: instant,
};

/** Of `fields`: those, and what tells who may read it. */
export const projection = z.looseObject({
  id: text,
  owner: text,
  groups: texts,
  tlp: z.enum(TLPS),
  authorized_users: texts.optional(),
  authorized_groups: texts.optional(),
});

export function readOf(kind: Kind): z.ZodType {
  return z.union([storedOf(kind), projection]);
}

/** One answer by plural of a kind; kinds without are absent. */
export function byPlural(kinds: readonly Kind[], answerOf: (kind: Kind) => z.ZodType): Record<string, z.ZodType> {
  return Object.fromEntries(kinds.map((kind) => [kind.plural, answerOf(kind).optional()]));
}

export const total = z.int();
