import { z } from 'zod';
import { asWritten, BUNDLE_KINDS, type Entity, PLURALS, type Plural } from '../../ctim/bundle.ts';
import { checked, contentOf, type FileContent, type FileProblem } from './file.ts';
import { findingsDrafts } from './findings-file.ts';
import {
  incidentFields,
  indicatorSchema,
  judgementSchema,
  otherSchema,
  relationshipSchema,
  sightingSchema,
} from './schemas.ts';

/** One entity that is to be written, as far as its author said it. */
export interface Draft {
  readonly plural: Plural;
  readonly entity: Entity;
  /** By what relationships of the same file name it. */
  readonly label?: string;
  /** For a person: file, line and path. */
  readonly where: string;
  /** Its author knows more of it each time: a sighting that is there already is to have the higher count. */
  readonly grows?: true;
}

export type Drafts = { readonly drafts: readonly Draft[] } | { readonly problems: readonly FileProblem[] };

const SCHEMAS: Partial<Record<Plural, z.ZodType>> = {
  incidents: z.strictObject(incidentFields),
  sightings: sightingSchema,
  indicators: indicatorSchema,
  judgements: judgementSchema,
  relationships: relationshipSchema,
};

/** What stands beside the fields of an incident in its file. */
const PARTS = ['sightings', 'judgements', 'indicators', 'relationships'] as const;

/**
 * A file of one incident, in one of three forms:
 *
 *   short    the fields of the incident, and lists of what belongs to it: sightings, judgements, indicators, relationships
 *   bundle   `type: bundle`, as CTIA exports it: lists of all kinds, `incidents` among them
 *   log      what `incident from-log --json` prints: an incident of each campaign
 */
export function readIncidentFile(text: string, name: string): Drafts {
  const content = contentOf(text, name);
  if ('problems' in content) return content;
  const { data, placeOf } = content;
  if (!isMap(data)) return { problems: [{ where: placeOf([]), message: 'expected is one incident, or a bundle' }] };
  if (data.type === 'bundle') return withOne('incidents', bundleDrafts(content, data));
  if (Array.isArray(data.campaigns)) return findingsDrafts(content, data.campaigns);
  const { sightings, judgements, indicators, relationships, ...incident } = data;
  return gathered([
    oneDraft(content, 'incidents', incident, []),
    ...Object.entries({ sightings, judgements, indicators, relationships }).map(([key, list]) =>
      listDrafts(content, key as (typeof PARTS)[number], list),
    ),
  ]);
}

/** A file of sightings: one, a list of them, or a bundle. */
export function readSightingFile(text: string, name: string): Drafts {
  const content = contentOf(text, name);
  if ('problems' in content) return content;
  const { data } = content;
  if (Array.isArray(data)) return gathered(data.map((item, i) => oneDraft(content, 'sightings', item, [i])));
  if (isMap(data) && data.type === 'bundle') return withOne('sightings', bundleDrafts(content, data));
  if (isMap(data) && Array.isArray(data.sightings)) return listDrafts(content, 'sightings', data.sightings);
  return oneDraft(content, 'sightings', data, []);
}

/** Judgements of their own: one, or a list of them. */
export function readJudgementFile(text: string, name: string): Drafts {
  const content = contentOf(text, name);
  if ('problems' in content) return content;
  const { data } = content;
  if (Array.isArray(data)) return gathered(data.map((item, i) => oneDraft(content, 'judgements', item, [i])));
  return oneDraft(content, 'judgements', data, []);
}

/** What programs give instead of a file. */
export function draftsOf(plural: Plural, items: readonly unknown[], name: string): Drafts {
  const content: FileContent = {
    data: items,
    placeOf: ([at, ...rest]) => `${name}[${String(at)}] ${rest.map(String).join('.')}`.trimEnd(),
  };
  return gathered(items.map((item, i) => oneDraft(content, plural, item, [i])));
}

/** What a bundle says of itself, and what its import ignores: verdicts, and references without the thing. */
const OF_BUNDLE =
  /^(?:id|type|source|source_uri|title|description|short_description|tlp|timestamp|language|revision|schema_version|valid_time|external_ids|external_references|owner|groups|created|modified|verdicts|[a-z_]+_refs)$/;

function bundleDrafts(content: FileContent, bundle: Record<string, unknown>): Drafts {
  return gathered(
    Object.entries(bundle).map(([key, value]) => {
      if (OF_BUNDLE.test(key)) return { drafts: [] };
      const plural = PLURALS.find((known) => known === key);
      if (plural !== undefined) return listDrafts(content, plural, value);
      const message = `a bundle has no ${key} (known: ${PLURALS.join(', ')})`;
      return { problems: [{ where: content.placeOf([key]), message }] };
    }),
  );
}

function withOne(plural: Plural, drafts: Drafts): Drafts {
  if ('problems' in drafts || drafts.drafts.some((draft) => draft.plural === plural)) return drafts;
  return { problems: [{ where: 'the bundle', message: `it holds no ${BUNDLE_KINDS[plural]}` }] };
}

function listDrafts(content: FileContent, plural: Plural, list: unknown): Drafts {
  if (list === undefined) return { drafts: [] };
  if (!Array.isArray(list))
    return { problems: [{ where: content.placeOf([plural]), message: `expected is a list of ${plural}` }] };
  return gathered(list.map((item, i) => oneDraft(content, plural, item, [plural, i])));
}

function oneDraft(content: FileContent, plural: Plural, item: unknown, path: readonly PropertyKey[]): Drafts {
  const result = checked(content, (SCHEMAS[plural] ?? otherSchema) as z.ZodType<Entity>, item, path);
  if ('problems' in result) return result;
  const { id } = result.value;
  return {
    drafts: [
      {
        plural,
        entity: asWritten(result.value),
        ...(id !== undefined && { label: id }),
        where: content.placeOf(path),
      },
    ],
  };
}

function gathered(parts: readonly Drafts[]): Drafts {
  const problems = parts.flatMap((part) => ('problems' in part ? part.problems : []));
  if (problems.length > 0) return { problems };
  return { drafts: parts.flatMap((part) => ('drafts' in part ? part.drafts : [])) };
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
