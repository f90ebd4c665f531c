import { z } from 'zod';
import { CONFIDENCES, DISPOSITIONS, MEDIUM_TEXT_MAX, SEVERITIES, SHORT_TEXT_MAX, TLPS } from '../ctim/judgement.ts';
import { OBSERVABLE_TYPES } from '../ctim/observable.ts';
import { listLimitsSchema } from './limits-schema.ts';
import { entriesFileSchema, upstreamSchema } from './upstream-schema.ts';
import { parsedUrl } from './url.ts';

/**
 * The keys of a list file. `docs/lists.schema.json` is made of these schemas, so an editor shows what `check` enforces; what
 * JSON Schema cannot say (normal form, guards, real dates) is checked on top.
 */
const text = (max: number) =>
  z
    .string({ error: 'a text is expected; quote it' })
    .min(1, 'it is empty')
    .max(max, `more than ${max} characters, the most that CTIM takes`);

export const NAME_MAX = 200;
export const nameSchema = z
  .string({ error: 'a text is expected; quote it' })
  .max(NAME_MAX, `more than ${NAME_MAX} characters`)
  .regex(/^[^\p{Cc}\s](?:[^\p{Cc}]*[^\p{Cc}\s])?$/u, 'a name has no control characters, and no blanks at its ends');

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
/** As people copy it: the long id is the address of the judgement. */
export const JUDGEMENT_ID = new RegExp(`^(?:https?://[^/?#\\s]+/(?:[^?#\\s]+/)?ctia/judgement/)?judgement-${UUID}$`);

export const CHANNEL_NAME = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;
export const channelNameSchema = z
  .string({ error: 'a text is expected; quote it' })
  .max(48, 'more than 48 characters')
  .regex(CHANNEL_NAME, 'a channel is named with lower-case letters, digits and single hyphens');

export const actionSchema = z.enum(['block', 'allow'], { error: 'expected is block or allow' });

function oneOf<const T extends readonly string[]>(values: T) {
  return z.enum(values, { error: `expected is one of ${values.join(', ')} (spelled so)` });
}

const dispositionSchema = oneOf(Object.values(DISPOSITIONS)).describe(
  'What the judgement says. Block lists: Malicious (default), Suspicious, Unknown. Allow lists: Clean (default), Common.',
);

const words = {
  reason: text(SHORT_TEXT_MAX).describe('Why; shown to the analyst who asks.'),
  ticket: text(MEDIUM_TEXT_MAX).describe('The case, change or incident that it belongs to.'),
  source: text(MEDIUM_TEXT_MAX).describe("Where this is known from. Default: the list's name."),
  source_uri: z
    .string({ error: 'a text is expected; quote it' })
    .max(MEDIUM_TEXT_MAX, `more than ${MEDIUM_TEXT_MAX} characters, the most that CTIM takes`)
    .refine(
      isUri,
      'no URI: write it whole, such as https://intel.example/4711, without blanks and with other characters percent-encoded',
    )
    .meta({ format: 'uri' })
    .describe('A page about the source.'),
  confidence: oneOf(CONFIDENCES).describe('Default: High.'),
  severity: oneOf(SEVERITIES).describe('Default: Medium.'),
  tlp: oneOf(TLPS).describe('Who may see it. Default: amber.'),
  priority: z
    .int({ error: 'a whole number from 0 to 100 is expected' })
    .min(0, 'the least is 0')
    .max(100, 'the most is 100')
    .describe("CTIM's weight of the source. Default: 95 (curated list)."),
};

const span = {
  lifetime: z
    .string({ error: 'a duration is expected, such as 7d' })
    .describe('How long a judgement lives before it is renewed: 90m, 12h, 7d, 4w, P7D, PT12H. Default: 7d.'),
  expires: z
    .string({ error: 'a date is expected, such as 2027-01-31' })
    .meta({ format: 'date' })
    .describe('The last day, UTC. Runs out once and is not renewed.'),
};

const flag = (what: string) => z.boolean({ error: 'expected is true or false' }).describe(what);
const carveOut = flag('A range that contains allowed addresses is published in parts around them.');

const ofEntry = {
  ...words,
  ...span,
  disposition: dispositionSchema,
  starts: z
    .string({ error: 'a date is expected, such as 2027-01-31' })
    .meta({ format: 'date' })
    .describe('The first day, UTC. Before it the entry is not published.'),
  carve_out: carveOut,
  force: text(SHORT_TEXT_MAX).describe('Why a guard does not apply here.'),
};

const judgementId = z
  .string({ error: 'the id of a judgement is expected, or a list of them' })
  .regex(
    JUDGEMENT_ID,
    'the id of a judgement is expected, short (judgement-<uuid>) or long (https://…/ctia/judgement/…)',
  );

export const defaultsSchema = z.strictObject(words).partial();
export const overrideSchema = z.strictObject(ofEntry).partial();
export const entrySchema = z.strictObject({
  value: z.string({ error: 'a text is expected' }).describe('An address, range, domain, URL or hash.'),
  type: oneOf(OBSERVABLE_TYPES).describe('Detected where it is not said; said, it must agree.').optional(),
  adopt: z
    .union([judgementId, z.array(judgementId).min(1, 'it names none')], {
      error: 'the id of a judgement is expected, short (judgement-<uuid>) or long, or a list of them',
    })
    .describe('Judgements that others made on it: taken over in place. `ctim-feeds adopt` writes it.')
    .optional(),
  ...overrideSchema.shape,
});

export const listSchema = z.strictObject({
  action: actionSchema.describe('The only required key.'),
  name: nameSchema
    .describe('The identity of the list. Default: its path below the feeds folder without extension.')
    .optional(),
  channel: channelNameSchema.describe('Where it is published. Default: firewall-block or firewall-allow.').optional(),
  lifetime: span.lifetime.optional(),
  renew: flag('false: each entry runs out once, a lifetime after it is first published. Block lists only.').optional(),
  carve_out: carveOut.optional(),
  disposition: dispositionSchema.optional(),
  refang: flag('Read hxxp and [.] as http and a dot.').optional(),
  limits: listLimitsSchema.describe('What one plan may do to this list unasked.').optional(),
  example: flag('Published to the embedded server only.').optional(),
  defaults: defaultsSchema.describe('What entries say that do not say it themselves.').optional(),
  upstream: upstreamSchema.describe('A remote list that is pulled, in the place of entries.').optional(),
  entries_from: z
    .union([z.string(), z.array(z.union([z.string(), entriesFileSchema]))], {
      error: 'a file name, or a list of names and { file, format, column }, is expected',
    })
    .describe('Files beside this one: plain text, one observable a line, or of the format that is said.')
    .optional(),
  overrides: z.record(z.string(), overrideSchema).describe('Words for values that stand in text files.').optional(),
  observables: z
    .array(z.union([z.string(), entrySchema]))
    .describe('The entries.')
    .optional(),
});

export type OverrideText = z.infer<typeof overrideSchema>;

/** Absolute, printable ASCII, and something that URL parsers take. CTIA refuses a judgement whose `source_uri` is none. */
export function isUri(value: string): boolean {
  return /^[a-z][a-z0-9+.-]*:[!-~]+$/i.test(value) && !/["<>\\^`{|}]/.test(value) && parsedUrl(value) !== undefined;
}
