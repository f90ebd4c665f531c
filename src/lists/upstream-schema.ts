import { z } from 'zod';
import { OBSERVABLE_TYPES } from '../ctim/observable.ts';
import { quoted } from '../ctim/problem.ts';
import { FORMATS, FORMATS_WITH_COLUMN, type SourceFormat } from './formats/formats.ts';
import { durationMs } from './lifetime.ts';
import type { UpstreamBounds } from './upstream-verdict.ts';
import { parsedUrl } from './url.ts';
import type { WrongKey } from './words.ts';

/** A remote list in the place of entries: where it is, how it reads, and what is believed of it. */
export interface Upstream extends SourceFormat {
  readonly url: string;
  readonly everyMs: number;
  readonly bounds: UpstreamBounds;
  /** Unchanged for so long it is called dead. */
  readonly staleAfterMs: number;
  /** What the source must never list, beside our own. */
  readonly canaries: readonly string[];
  /** Where its list says so. */
  readonly place: { readonly line: number; readonly column: number };
}

const formatSchema = z
  .enum(FORMATS, { error: `expected is one of ${FORMATS.join(', ')}` })
  .describe('How its lines are written. Default: text.');
const columnSchema = z
  .union([z.string().min(1), z.int().min(1)], { error: 'a column is its name, or its number from 1' })
  .describe(
    'csv: a name, a number from 1, or a pattern such as "{1}/{3}". json: the way to the values, such as data.ip.',
  );
const typeSchema = z
  .enum(OBSERVABLE_TYPES, { error: `expected is one of ${OBSERVABLE_TYPES.join(', ')}` })
  .describe('What alone is taken out of a mixed list. Default: every type that the channel declares.');

export const entriesFileSchema = z.strictObject({
  file: z.string({ error: 'a file name is expected' }).min(1).describe('Beside this list.'),
  format: formatSchema.optional(),
  column: columnSchema.optional(),
  type: typeSchema.optional(),
});

const span = (what: string) => z.string({ error: 'a duration is expected, such as 1h' }).describe(what);

export const upstreamSchema = z.strictObject({
  url: z
    .string({ error: 'an address is expected, such as https://lists.example/exits.txt' })
    .describe('http or https.'),
  format: formatSchema.optional(),
  column: columnSchema.optional(),
  type: typeSchema.optional(),
  every: span('How often it is pulled, from 1m to 7d. Default: 1h.').optional(),
  min_entries: z
    .int({ error: 'a whole number is expected' })
    .min(0, 'the least is 0')
    .describe('With fewer it is not believed. Default: 1; 0: it may be empty.')
    .optional(),
  max_shrink: z
    .union([z.string(), z.number()], { error: 'a share is expected, such as 20%' })
    .describe('How much shorter it may be than the last good copy. Default: 20%.')
    .optional(),
  refang: z.boolean({ error: 'expected is true or false' }).describe('Read hxxp and [.] as http and a dot.').optional(),
  stale_after: span('Unchanged for so long it is called dead. Default: 30d.').optional(),
  canary: z
    .array(z.string(), { error: 'a list of values is expected' })
    .describe('What it must never list: an answer that does is not believed.')
    .optional(),
});

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const EVERY_MIN = MINUTE;
const EVERY_MAX = 7 * DAY;
const MAX_SHRINK = 0.2;
const STALE_AFTER = 30 * DAY;

type UpstreamText = z.infer<typeof upstreamSchema>;

/** What the schema lets through and is still wrong is told key by key. */
export function readUpstream(said: UpstreamText, place: Upstream['place']): { upstream: Upstream; wrong: WrongKey[] } {
  const wrong: WrongKey[] = [];
  const {
    url,
    every,
    min_entries: minEntries = 1,
    max_shrink: shrink,
    stale_after: stale,
    canary: canaries = [],
  } = said;
  if (!/^https?:\/\/[^/]/i.test(url) || parsedUrl(url) === undefined)
    wrong.push({ key: 'url', message: 'no address that can be pulled: write it whole, beginning with https://' });
  const spanOf = (key: string, text: string | undefined, unsaid: number, [min, max]: readonly [number, number]) => {
    const ms = text === undefined ? unsaid : durationMs(text);
    if (ms !== undefined && ms >= min && ms <= max) return ms;
    wrong.push({ key, message: `${quoted(text ?? '')} is not from ${min / MINUTE}m to ${max / DAY}d, such as 1h` });
    return unsaid;
  };
  const maxShrink = shareOf(shrink);
  if (maxShrink === undefined)
    wrong.push({ key: 'max_shrink', message: `${quoted(String(shrink))} is no share: write a percentage such as 20%` });
  const upstream: Upstream = {
    url,
    ...readFormat(said, wrong),
    ...(said.refang !== undefined && { refang: said.refang }),
    everyMs: spanOf('every', every, HOUR, [EVERY_MIN, EVERY_MAX]),
    staleAfterMs: spanOf('stale_after', stale, STALE_AFTER, [HOUR, 366 * DAY]),
    bounds: { minEntries, maxShrink: maxShrink ?? MAX_SHRINK },
    canaries,
    place,
  };
  return { upstream, wrong };
}

export function readFormat(
  { format = 'text', column, type }: Pick<UpstreamText, 'format' | 'column' | 'type'>,
  wrong: WrongKey[],
): SourceFormat {
  if (column !== undefined && !FORMATS_WITH_COLUMN.includes(format))
    wrong.push({ key: 'column', message: `${format} has no columns: ${FORMATS_WITH_COLUMN.join(' and ')} have` });
  return { format, ...(column !== undefined && { column }), ...(type !== undefined && { type }) };
}

function shareOf(said: string | number | undefined): number | undefined {
  if (said === undefined) return MAX_SHRINK;
  const [, percent] = typeof said === 'string' ? (/^([0-9]{1,3}(?:\.[0-9]+)?) ?%$/.exec(said) ?? []) : [];
  const share = typeof said === 'number' ? said : Number(percent) / 100;
  return share >= 0 && share <= 1 ? share : undefined;
}
