import { quoted } from '../ctim/problem.ts';
import { textFault } from './file-text.ts';
import { countShared, type Survey } from './source-survey.ts';

/** What came, with what it is compared to. */
export interface UpstreamAnswer {
  readonly text: string;
  readonly contentType: string;
  readonly survey: Survey;
  /** The last good copy; undefined where there is none yet. */
  readonly before: { readonly text: string; readonly survey: Survey } | undefined;
  /** Copies of the other upstreams, by name. */
  readonly others: ReadonlyMap<string, ReadonlySet<string>>;
  /** One of `values` lists it, itself or as part of a range or name: it must never be. */
  readonly findCanary: (values: ReadonlySet<string>) => string | undefined;
  readonly bounds: UpstreamBounds;
}

export interface UpstreamBounds {
  /** 1 where the list says nothing: an empty answer is never taken for an empty list unless 0 is said. */
  readonly minEntries: number;
  /** Of the last good copy, as a share. */
  readonly maxShrink: number;
}

export type SuspectKind =
  | 'web-page'
  | 'conflict-marker'
  | 'not-text'
  | 'rate-limit'
  | 'empty'
  | 'cut-off'
  | 'few-valid'
  | 'canary'
  | 'other-list'
  | 'too-few'
  | 'too-many'
  | 'shrunk'
  | 'replaced'
  | 'grown';

/** Why an answer is not believed. */
export interface Suspicion {
  readonly kind: SuspectKind;
  readonly message: string;
}

const VALID_MIN = 0.95;
/** Of the values of the last good copy: fewer that are still there make it another list. */
const SURVIVORS_MIN = 0.5;
/** Of the values that came: so many that stand in another upstream's copy make it that one's. */
const OTHERS_SHARE = 0.8;
const GROWTH_MAX = 2;
/** Of lists with fewer values than this no share is taken: two of three may well go. */
const SHARE_OF_MIN = 10;
/** Nothing that a firewall holds is longer. */
const ENTRIES_MAX = 1_000_000;

/**
 * Whether an answer is the list. The first row that fits is told; every one keeps the last good copy.
 *
 *   what came                                                        | suspicion
 *   -----------------------------------------------------------------+----------------
 *   begins as HTML or XML, or is called so and begins with `<`       | web-page
 *   NUL characters · conflict markers of git                         | not-text · conflict-marker
 *   short, mostly no observables, and speaks of limits or requests   | rate-limit
 *   no observable, and `min_entries: 0` is not said                  | empty
 *   its last line is no observable and has no end; or it has no end, | cut-off
 *   where the copy has one or holds a longer value that begins so    |
 *   under 95 % of what should be observables is                      | few-valid
 *   lists the canary                                                 | canary
 *   mostly another upstream's values, and few of its own             | other-list
 *   fewer than `min_entries` · more than a million                   | too-few · too-many
 *   less than the copy by more than `max_shrink`                     | shrunk
 *   less than half of the copy's values are still there              | replaced
 *   more than twice the copy's values                                | grown
 *   anything else                                                    | – it is the list
 *
 * What is compared to a copy is not asked of the first answer, which has none. An alien list of good form is found by its
 * survivors, so after `min_entries` and the canary a person's eye is what a first answer has.
 */
export function suspect(answer: UpstreamAnswer): Suspicion | undefined {
  for (const rule of RULES) {
    const message = rule[1](answer);
    if (message !== undefined) return { kind: rule[0], message };
  }
  return undefined;
}

type Rule = (answer: UpstreamAnswer) => string | undefined;

const RULES: readonly (readonly [SuspectKind, Rule])[] = [
  ['web-page', webPage],
  ['not-text', textFaultOf('not-text')],
  ['conflict-marker', textFaultOf('conflict-marker')],
  ['rate-limit', rateLimit],
  ['empty', empty],
  ['cut-off', cutOff],
  ['few-valid', fewValid],
  ['canary', canary],
  ['other-list', otherList],
  ['too-few', tooFew],
  ['too-many', tooMany],
  ['shrunk', shrunk],
  ['replaced', replaced],
  ['grown', grown],
];

function webPage({ text, contentType }: UpstreamAnswer): string | undefined {
  const begin = text
    .slice(0, 1000)
    .trimStart()
    .replace(/^\ufeff/, '');
  const isPage = /^<(?:!doctype|html|head|body|\?xml|!--)/i.test(begin);
  if (!isPage && !(begin.startsWith('<') && /html|xml/i.test(contentType))) return undefined;
  const [, title] = /<title[^>]*>\s*([^<]{1,120})/i.exec(text.slice(0, 20_000)) ?? [];
  return `a web page came instead of the list${title === undefined ? '' : `, with the title ${quoted(title.trim())}`}`;
}

function textFaultOf(code: 'not-text' | 'conflict-marker'): Rule {
  return ({ text }) => {
    const fault = textFault(text);
    return fault?.code === code ? fault.message : undefined;
  };
}

const LIMIT_TEXT_MAX = 4096;
const LIMIT_WORDS =
  /rate.?limit|too many requests|quota|try again|slow down|temporarily|blocked|denied|unauthori[sz]ed/i;

function rateLimit({ text, survey }: UpstreamAnswer): string | undefined {
  const { taken, leftOut, invalid } = survey.counts;
  const isList = taken > 0 ? validShare(survey) >= 0.5 : leftOut + invalid === 0;
  if (isList || text.length > LIMIT_TEXT_MAX || !LIMIT_WORDS.test(text)) return undefined;
  return `a refusal came instead of the list: ${quoted(text.trim().slice(0, 160))}`;
}

function empty({ text, survey, bounds }: UpstreamAnswer): string | undefined {
  const { taken, leftOut, invalid } = survey.counts;
  if (taken > 0 || invalid > 0 || bounds.minEntries === 0) return undefined;
  if (text === '') return 'nothing came: the answer is empty';
  const others = leftOut > 0 ? `, ${leftOut} lines of other kinds left out` : '';
  return `there is no entry in it${others}; a list that may be empty says min_entries: 0`;
}

function cutOff({ text, survey, before }: UpstreamAnswer): string | undefined {
  if (text.endsWith('\n')) return undefined;
  const last = text.slice(text.lastIndexOf('\n') + 1).trim();
  const isCut =
    survey.lastIsInvalid ||
    before?.text.endsWith('\n') === true ||
    (before !== undefined && beginsOne(last, before.survey));
  return isCut ? `it ends in the middle of a line: ${quoted(last.slice(-80))}` : undefined;
}

/** `203.0.113.1` is what is left of `203.0.113.15`. */
function beginsOne(last: string, { values }: Survey): boolean {
  if (last === '' || values.has(last)) return false;
  for (const value of values) if (value.startsWith(last)) return true;
  return false;
}

function validShare({ counts: { taken, leftOut, invalid } }: Survey): number {
  return invalid === 0 ? 1 : (taken + leftOut) / (taken + leftOut + invalid);
}

function fewValid({ survey }: UpstreamAnswer): string | undefined {
  const share = validShare(survey);
  if (share >= VALID_MIN) return undefined;
  const [first] = survey.invalid;
  const example = first === undefined ? '' : `; line ${first.line}: ${first.message}`;
  return `only ${percent(share)} of its lines are valid, expected are ${percent(VALID_MIN)}${example}`;
}

function canary({ survey, findCanary }: UpstreamAnswer): string | undefined {
  const found = findCanary(survey.values);
  return found && `it lists ${found}, which no list may: a source that lists everything is dead`;
}

function otherList({ survey, before, others }: UpstreamAnswer): string | undefined {
  const { values } = survey;
  if (values.size < SHARE_OF_MIN) return undefined;
  const own = before === undefined ? 0 : countShared(values, before.survey.values) / values.size;
  if (own >= SURVIVORS_MIN) return undefined;
  for (const [name, of] of others) {
    const shared = countShared(values, of) / values.size;
    if (shared >= OTHERS_SHARE) return `${percent(shared)} of it is the content of the list ${quoted(name)}`;
  }
  return undefined;
}

function tooFew({ survey, bounds }: UpstreamAnswer): string | undefined {
  const { size } = survey.values;
  return size < bounds.minEntries ? `${size} entries came, min_entries is ${bounds.minEntries}` : undefined;
}

function tooMany({ survey }: UpstreamAnswer): string | undefined {
  const { size } = survey.values;
  return size > ENTRIES_MAX ? `${size} entries came, more than ${ENTRIES_MAX}` : undefined;
}

function shrunk({ survey, before, bounds }: UpstreamAnswer): string | undefined {
  const had = before?.survey.values.size ?? 0;
  const has = survey.values.size;
  if (had < SHARE_OF_MIN || has >= had * (1 - bounds.maxShrink)) return undefined;
  return `${has} entries came where ${had} were, ${percent((had - has) / had)} less; max_shrink is ${percent(bounds.maxShrink)}`;
}

function replaced({ survey, before }: UpstreamAnswer): string | undefined {
  const had = before?.survey.values;
  if (had === undefined || had.size < SHARE_OF_MIN) return undefined;
  const survivors = countShared(had, survey.values);
  if (survivors >= had.size * SURVIVORS_MIN) return undefined;
  return `of ${had.size} entries only ${survivors} are still there: it is another list`;
}

function grown({ survey, before }: UpstreamAnswer): string | undefined {
  const had = before?.survey.values.size ?? 0;
  const has = survey.values.size;
  if (had < SHARE_OF_MIN || has <= had * GROWTH_MAX) return undefined;
  return `${has} entries came where ${had} were, more than ${GROWTH_MAX} times as many`;
}

function percent(share: number): string {
  return `${Math.floor(share * 1000) / 10} %`;
}
