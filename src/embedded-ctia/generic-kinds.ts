import { z } from 'zod';
import { DEFAULT_SORT, DESCRIBED_NAMES, GENERIC_NAMES } from './field-names.ts';
import type { Kind, Submitted } from './kinds.ts';
import { base, describable, open, period, sourcable } from './schema.ts';
import { BASE_RULES, DESCRIBABLE_RULES, period as periodRules, reference, SOURCABLE_RULES } from './spec.ts';
import { validTime } from './valid-time.ts';

/**
 * Kinds that this server holds and answers no question about: actors, tools, vulnerabilities and the like. What every kind
 * has is checked as strictly as everywhere. The rest is open, unlike in CTIA, and stored unchanged: a bundle from a real
 * tenant has to import and read back without loss, and a closed list of fields that lags behind CTIM by one would refuse it.
 */
export function openKind(name: string, plural: string, particular: Particular = {}): Kind {
  const { inBundle = true, patched = false } = particular;
  const schema = z.object({ ...base(name), ...describable, ...sourcable }).catchall(open);
  return {
    name,
    plural,
    schema,
    // No field of an open kind is required, so a part of one is one.
    ...(patched && { patchSchema: schema }),
    rules: [...BASE_RULES, ...DESCRIBABLE_RULES, ...SOURCABLE_RULES],
    inBulk: true,
    inBundle,
    fields: GENERIC_NAMES,
    sortNames: GENERIC_NAMES,
    searchFields: DESCRIBED_NAMES,
    filters: ['source'],
    defaultSort: DEFAULT_SORT,
    realize: () => ({}),
  };
}

interface Particular {
  readonly inBundle?: boolean;
  readonly patched?: boolean;
}

/** Of these CTIA fills in `valid_time`, as it does for judgements. */
export function openKindWithValidity(name: string, plural: string): Kind {
  const kind = openKind(name, plural);
  return {
    ...kind,
    schema: z.object({ ...base(name), ...describable, ...sourcable, valid_time: period.optional() }).catchall(open),
    rules: [...kind.rules, ...periodRules('valid_time')],
    realize: (submitted, previous, now) => ({ valid_time: validTime(submitted, previous, now) }),
  };
}

/** What is said of an asset. */
export function assetDetailKind(name: string, plural: string): Kind {
  const kind = openKindWithValidity(name, plural);
  return {
    ...kind,
    schema: z
      .object({
        ...base(name),
        ...describable,
        ...sourcable,
        valid_time: period.optional(),
        asset_ref: z.string().optional(),
      })
      .catchall(open),
    rules: [...kind.rules, ...reference('asset_ref')],
    references: ['asset_ref'],
    realize: (submitted, previous, now) => unresolvedAsset(submitted) ?? kind.realize(submitted, previous, now),
  };
}

function unresolvedAsset({ id, asset_ref: ref }: Submitted): { error: string } | undefined {
  if (!String(ref).startsWith('transient:')) return undefined;
  return {
    error: `Cannot resolve asset_ref for transient ID: '${ref}', in '${id}'. Perhaps the associated Asset is missing in the Bundle?`,
  };
}
