import { z } from 'zod';
import type { AnyObservable } from '../../ctim/bundle.ts';
import { INCIDENT_TIMES } from '../../ctim/incident.ts';
import {
  CONFIDENCES,
  DISPOSITIONS,
  LONG_TEXT_MAX,
  MEDIUM_TEXT_MAX,
  SEVERITIES,
  SHORT_TEXT_MAX,
  TLPS,
} from '../../ctim/judgement.ts';
import type { SightingRelation } from '../../ctim/sighting.ts';
import { CTIM_OBSERVABLE_TYPES, INCIDENT_STATUSES, INDICATOR_TYPES, SCORE_TYPES } from '../../ctim/vocabulary.ts';
import { parsedUrl } from '../../lists/url.ts';
import { instantOf } from './instants.ts';
import { observableOfText } from './observables.ts';

/**
 * What may stand in a file of incidents or sightings: CTIM's fields with CTIM's names and bounds, and for what people
 * write most a short form beside it. Objects are closed, as CTIA's are: a misspelt field is told, not lost.
 */
const short = z.string().max(SHORT_TEXT_MAX);
const medium = z.string().max(MEDIUM_TEXT_MAX);
const long = z.string().max(LONG_TEXT_MAX);
const uri = medium.refine((text) => parsedUrl(text) !== undefined || !/[\s<>"{}|\\^`]/.test(text), 'expected is a URI');
const free = z.record(z.string(), z.unknown());

/** By a parser that says what is wrong. */
function parsed<T>(read: (text: string) => { readonly value: T } | { readonly wrong: string }) {
  return z.string().transform((text, context): T => {
    const said = read(text);
    if ('value' in said) return said.value;
    context.addIssue({ code: 'custom', message: said.wrong });
    return z.NEVER;
  });
}

/** The shape says which of two forms is meant, so that what is wrong is told of that one. */
function textOr<T>(ofText: z.ZodType<T>, ofObject: z.ZodType<T>): z.ZodType<T> {
  return z.unknown().transform((value, context): T => {
    if (value === undefined) context.addIssue({ code: 'custom', message: 'it is missing' });
    if (value === undefined) return z.NEVER;
    const result = (typeof value === 'string' ? ofText : ofObject).safeParse(value);
    if (result.success) return result.data;
    for (const { path, message } of result.error.issues) context.addIssue({ code: 'custom', path, message });
    return z.NEVER;
  });
}

const instant = parsed(instantOf);

const observableType = z
  .string()
  .refine((type) => CTIM_OBSERVABLE_TYPES.includes(type), 'expected is a type of CTIM, such as ip, domain, hostname');
const observable = textOr<AnyObservable>(
  parsed(observableOfText),
  z.strictObject({ type: observableType, value: z.string() }),
);

function period(what: { start_time: string; end_time?: string | undefined }): boolean {
  return what.end_time === undefined || what.start_time <= what.end_time;
}

/** One time alone is when it began. */
export const observedTime = textOr(
  instant.transform((start_time) => ({ start_time })),
  z
    .strictObject({ start_time: instant, end_time: instant.optional() })
    .refine(period, 'it ends before it begins: start_time may not be later than end_time'),
);

const base = {
  id: z.string().max(MEDIUM_TEXT_MAX).optional(),
  external_ids: z.array(z.string().min(1)).optional(),
  external_references: z
    .array(
      z.strictObject({
        source_name: medium,
        external_id: z.string().optional(),
        description: long.optional(),
        url: uri.optional(),
        hashes: z.array(z.string()).optional(),
      }),
    )
    .optional(),
  tlp: z.enum(TLPS).optional(),
  timestamp: instant.optional(),
  language: short.optional(),
  revision: z.int().min(0).optional(),
  // What a read brings along and a write ignores.
  ...{ schema_version: z.string().optional(), owner: z.string().optional(), groups: z.array(z.string()).optional() },
  ...{ client_id: z.string().optional(), created: z.string().optional(), modified: z.string().optional() },
};
const described = {
  title: short.optional(),
  description: long.optional(),
  short_description: medium.optional(),
  source: medium.optional(),
  source_uri: uri.optional(),
};
const confidence = z.enum(CONFIDENCES);
const severity = z.enum(SEVERITIES);

/** `203.0.113.7 Connected_To 192.0.2.10`. Who says so is the sighting's sensor or source, where nothing else is said. */
function relationOf(text: string): { value: Omit<SightingRelation, 'origin'> } | { wrong: string } {
  const words = text.trim().split(/\s+/);
  const [from = '', relation = '', to = ''] = words;
  if (words.length !== 3)
    return { wrong: `"${text}" is no relation: write three words, OBSERVABLE Relation OBSERVABLE` };
  const [source, related] = [observableOfText(from), observableOfText(to)];
  if ('wrong' in source) return source;
  if ('wrong' in related) return related;
  return { value: { relation, source: source.value, related: related.value } };
}

const relation = textOr<Omit<SightingRelation, 'origin'> & { origin?: string | undefined }>(
  parsed(relationOf),
  z.strictObject({
    origin: z.string().optional(),
    origin_uri: uri.optional(),
    relation: z.string().min(1),
    relation_info: free.optional(),
    source: observable,
    related: observable,
  }) as z.ZodType<Omit<SightingRelation, 'origin'> & { origin?: string | undefined }>,
);

const coordinates = { type: z.string().min(1), observables: z.array(observable), os: z.string().optional() };
/** One observable alone is an endpoint, seen when the sighting was. */
const target = textOr<{ type?: string; observables: AnyObservable[] }>(
  parsed(observableOfText).transform((it) => ({ observables: [it] })),
  z.strictObject({ ...coordinates, observed_time: observedTime.optional() }),
);

export const sightingSchema = z.strictObject({
  ...base,
  type: z.literal('sighting').optional(),
  ...described,
  observed_time: observedTime,
  count: z.int().min(0).optional(),
  confidence: confidence.optional(),
  severity: severity.optional(),
  internal: z.boolean().optional(),
  resolution: short.optional(),
  sensor: short.optional(),
  sensor_coordinates: z.strictObject(coordinates).optional(),
  observables: z.array(observable).optional(),
  targets: z.array(target).optional(),
  relations: z.array(relation).optional(),
  data: free.optional(),
  context: free.optional(),
  activity_interval: observedTime.optional(),
  detection_interval: observedTime.optional(),
  modification_interval: observedTime.optional(),
});

const validTime = z
  .strictObject({ start_time: instant.optional(), end_time: instant.optional() })
  .refine(({ start_time: start, end_time: end }) => start === undefined || end === undefined || start <= end, {
    message: 'it ends before it begins: start_time may not be later than end_time',
  });

const dispositionNames = Object.values(DISPOSITIONS);

export const judgementSchema = z
  .strictObject({
    ...base,
    type: z.literal('judgement').optional(),
    observable,
    disposition: z.union([z.literal(1), z.literal(2), z.literal(3), z.literal(4), z.literal(5)]).optional(),
    disposition_name: z.enum(dispositionNames).optional(),
    source: medium.optional(),
    source_uri: uri.optional(),
    reason: short.optional(),
    reason_uri: uri.optional(),
    priority: z.int().min(0).max(100).optional(),
    severity: severity.optional(),
    confidence: confidence.optional(),
    valid_time: validTime.optional(),
  })
  .refine(({ disposition: number, disposition_name: name }) => !number || !name || DISPOSITIONS[number] === name, {
    path: ['disposition_name'],
    message: 'it is another one than disposition says: keep one of the two',
  });

export const indicatorSchema = z.strictObject({
  ...base,
  type: z.literal('indicator').optional(),
  ...described,
  producer: short.optional(),
  valid_time: validTime.optional(),
  severity: severity.optional(),
  confidence: confidence.optional(),
  negate: z.boolean().optional(),
  indicator_type: z.array(z.enum(INDICATOR_TYPES)).optional(),
  tags: z.array(short).optional(),
  likely_impact: long.optional(),
  kill_chain_phases: z.array(z.strictObject({ kill_chain_name: short, phase_name: short })).optional(),
  test_mechanisms: z.array(medium).optional(),
  composite_indicator_expression: free.optional(),
  specification: free.optional(),
});

export const relationshipSchema = z.strictObject({
  ...base,
  type: z.literal('relationship').optional(),
  ...described,
  relationship_type: z.string().min(1),
  source_ref: z.string().min(1),
  target_ref: z.string().min(1),
});

const incidentTime = z.strictObject(
  Object.fromEntries(INCIDENT_TIMES.map((name) => [name, instant.optional()])) as Record<
    (typeof INCIDENT_TIMES)[number],
    z.ZodOptional<typeof instant>
  >,
);

export const incidentFields = {
  ...base,
  type: z.literal('incident').optional(),
  ...described,
  confidence: confidence.optional(),
  status: z.enum(INCIDENT_STATUSES).optional(),
  incident_time: textOr(
    instant.transform((opened): z.infer<typeof incidentTime> => ({ opened })),
    incidentTime,
  ).optional(),
  severity: severity.optional(),
  categories: z.array(short).optional(),
  discovery_method: short.optional(),
  intended_effect: short.optional(),
  assignees: z.array(short).optional(),
  detection_sources: z.array(medium).optional(),
  promotion_method: z.enum(['Manual', 'Automated']).optional(),
  tactics: z.array(short).optional(),
  techniques: z.array(short).optional(),
  meta: free.optional(),
  scores: z
    .strictObject(Object.fromEntries(SCORE_TYPES.map((name) => [name, z.number().min(0).optional()])))
    .optional(),
};

/** Of what is only carried: CTIA says what is wrong with it. */
export const otherSchema = z.record(z.string(), z.unknown());
