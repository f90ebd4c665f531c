import { z } from 'zod';
import { SEVERITIES } from '../ctim/judgement.ts';
import { OBSERVABLE_TYPES } from '../ctim/observable.ts';

/**
 * The contract with whoever puts jobs into our queue, from any language that has a BullMQ: names and payloads are here
 * and nowhere else, plain and versioned. `docs/jobs.md` tells it to people. A payload of another version, an unknown
 * name or an unknown key fails at once and is not tried again.
 */
export const PAYLOAD_VERSION = 1;

/**
 * For one tenant and owner: what people ask for, renewals, which wait for none of that, the requests to CTIA that follow, and
 * what is told to people.
 */
export interface QueueNames {
  readonly requests: string;
  readonly renewals: string;
  readonly batches: string;
  readonly messages: string;
}

/** By CTIA's host, so that a producer can name the queue without a token. BullMQ allows no colon in a name. */
export function queueNames(ctiaUrl: string, owner: string): QueueNames {
  const host = new URL(ctiaUrl).host.replace(/[^a-z0-9.-]+/gi, '-');
  const requests = `ctim-feeds-${owner}-${host}`;
  return {
    requests,
    renewals: `${requests}-renewals`,
    batches: `${requests}-batches`,
    messages: `${requests}-messages`,
  };
}

const version = z.literal(PAYLOAD_VERSION);
const observable = { value: z.string().min(1).max(2048), type: z.enum(OBSERVABLE_TYPES).optional() };
const duration = z.string().min(2).max(32);
const channel = z.string().min(1).max(64);
const reason = z.string().min(1).max(1024);
const word = z.string().min(1).max(2048);

const REQUESTS = {
  /** Make the feeds hold what the lists say. `revision`: only if the worker holds just that. */
  sync: z.strictObject({
    v: version,
    revision: z.string().min(1).max(200).optional(),
    yes: z.boolean().optional(),
    force: z.boolean().optional(),
    digest: z.string().min(1).max(64).optional(),
  }),
  /** Block one observable now, for a time, by a person's word. */
  add: z.strictObject({
    v: version,
    ...observable,
    for: duration,
    reason,
    channel: channel.optional(),
    ticket: word.optional(),
    source_uri: word.optional(),
    force: z.boolean().optional(),
  }),
  /** Block the attackers of a log, each until its time, on the reserved list of that name. */
  attackers: z.strictObject({
    v: version,
    attackers: z
      .array(
        z.strictObject({
          ...observable,
          until: z.iso.datetime(),
          reason,
          severity: z.enum(SEVERITIES).optional(),
          source_uri: word.optional(),
        }),
      )
      .min(1)
      .max(1000),
    channel: channel.optional(),
    force: z.boolean().optional(),
  }),
  /** Take back what `add` did; with `for`, let a listed value through for that time. */
  remove: z.strictObject({
    v: version,
    ...observable,
    for: duration.optional(),
    reason: reason.optional(),
    carveOut: z.boolean().optional(),
  }),
  /** Empty a channel, or put it back to a commit, and hold it; with `release`, lift that hold. */
  panic: z
    .strictObject({
      v: version,
      channel,
      to: z
        .string()
        .regex(/^(?:empty|[0-9a-f]{7,64})$/, 'expected is empty, or a commit: 7 to 64 of 0-9 and a-f')
        .optional(),
      release: z.literal(true).optional(),
      reason: reason.optional(),
    })
    .refine(({ to, release }) => (to === undefined) === (release === true), 'expected is either to or release'),
  /** Fetch the repository of the lists, and sync if its branch moved. */
  fetch: z.strictObject({ v: version }),
  /** Ask the upstream of one list, or of all, for what it says now. */
  pull: z.strictObject({ v: version, list: z.string().min(1).max(200).optional() }),
  /** Fetch the lists that guards go by. */
  guards: z.strictObject({ v: version }),
  /** Renew what would lapse: no list is read. */
  renew: z.strictObject({ v: version }),
  /** Events of other products, in bulk; each sighting is checked when it is done, and bears an id of its producer's. */
  sightings: z.strictObject({
    v: version,
    sightings: z
      .array(z.looseObject({ external_ids: z.array(z.string().min(1).max(1024)).min(1) }))
      .min(1)
      .max(1000),
    /** The long id of an incident that they belong to. */
    incident: z
      .string()
      .regex(/^https?:\/\/\S+\/ctia\/incident\/incident-[0-9a-f-]{36}$/, 'expected is the whole id of an incident')
      .optional(),
  }),
  /** Tell people of new incidents. */
  watch: z.strictObject({ v: version }),
  /** Read CTIA in full, compare, report; change nothing. */
  audit: z.strictObject({ v: version }),
} as const;

/** The failed reason of a job begins so when the job itself is at fault: trying it again would change nothing. */
export const REFUSED = 'refused: ';

export type RequestName = keyof typeof REQUESTS;
export type RequestPayload<N extends RequestName> = z.infer<(typeof REQUESTS)[N]>;
export type Request = { [N in RequestName]: { name: N; payload: RequestPayload<N> } }[RequestName];

export const REQUEST_NAMES = Object.keys(REQUESTS) as RequestName[];

/** A parsed request, or why it is none. */
export function parseRequest(name: string, data: unknown): Request | { wrong: string } {
  if (!(REQUEST_NAMES as string[]).includes(name)) {
    return { wrong: `unknown job ${JSON.stringify(name.slice(0, 80))}; expected one of ${REQUEST_NAMES.join(', ')}` };
  }
  const known = name as RequestName;
  const parsed = REQUESTS[known].safeParse(data);
  if (parsed.success) return { name: known, payload: parsed.data } as Request;
  const issues = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'payload'}: ${issue.message}`);
  return { wrong: `invalid payload of ${known}: ${issues.join('; ')}` };
}

/** Kept in Redis after they ended: the newest, for people who look, never all. */
export const KEEP_JOBS = { removeOnComplete: { count: 200 }, removeOnFail: { count: 500 } } as const;
