import type { AccessLine } from './access-log.ts';
import type { AttackRule, Match } from './attack-rule.ts';
import { makeKeywords } from './keywords.ts';
import { FIELDS, type Field, sentIn, stagesOf } from './request-text.ts';

/** The numbers of the rules that a request matches, counting rules as if they counted from one. */
export type MatchRules = (line: AccessLine) => readonly number[];

interface Candidate {
  readonly rule: number;
  readonly match: Match;
}

/**
 * A request costs one walk over each of its texts (keywords.ts) and a look at its status; regular expressions run only where
 * one of their words was found, on the text that holds it.
 */
export function makeMatchRules(rules: readonly AttackRule[]): MatchRules {
  const candidates = rules.flatMap(({ match }, rule) => match.map((one): Candidate => ({ rule, match: one })));
  const words = new Map<string, Candidate[]>();
  for (const candidate of candidates) {
    for (const word of candidate.match.words) words.set(word, [...(words.get(word) ?? []), candidate]);
  }
  const byWord = [...words.values()];
  const keywords = makeKeywords([...words.keys()]);
  const wordless = candidates.filter(({ match }) => match.words.length === 0);

  const quiet = new Map(FIELDS.map((field) => [field, makeQuietTexts()] as const));

  /** Whose words and patterns the text of a field meets, whatever the request's method and status. */
  const metBy = (text: string, field: Field): readonly Candidate[] => {
    let found: Set<Candidate> | undefined;
    keywords.find(text, (word) => {
      for (const candidate of byWord[word] ?? []) {
        if (candidate.match.in.includes(field)) found = (found ?? new Set()).add(candidate);
      }
    });
    return found === undefined ? NOBODY : [...found].filter(({ match }) => isMet(match, text));
  };

  return (line) => {
    const sent = sentIn(line);
    let matched: number[] | undefined;
    const add = ({ rule }: Candidate) => {
      if (matched?.includes(rule)) return;
      matched ??= [];
      matched.push(rule);
    };
    for (const field of FIELDS) {
      if (sent[field] === '' || quiet.get(field)?.has(sent[field])) continue;
      const met = metBy(stagesOf(sent[field], field), field);
      if (met.length === 0) quiet.get(field)?.add(sent[field]);
      for (const candidate of met) if (isStatusMet(candidate.match, line)) add(candidate);
    }
    // Without words only method and status decide, and `unless`, which looks into the first field that is named.
    for (const candidate of wordless) {
      if (!isStatusMet(candidate.match, line)) continue;
      const field = candidate.match.in[0] ?? 'path';
      if (isMet(candidate.match, stagesOf(sent[field], field))) add(candidate);
    }
    return matched ?? NONE;
  };
}

const QUIET_TEXTS_MAX = 4096;
const QUIET_CHARS_MAX = 256;

/** Texts in which nothing was found: agents, referers and the paths of a site come again and again. */
function makeQuietTexts() {
  const texts = new Set<string>();
  return {
    has: (text: string) => texts.has(text),
    add(text: string) {
      if (text.length > QUIET_CHARS_MAX) return;
      if (texts.size >= QUIET_TEXTS_MAX) texts.clear();
      // A text of its own: a part of a line would keep all of it.
      texts.add(Buffer.from(text).toString());
    },
  };
}

const NONE: readonly number[] = [];
const NOBODY: readonly Candidate[] = [];

function isMet({ pattern, unless }: Match, text: string): boolean {
  return (pattern === undefined || pattern.test(text)) && (unless === undefined || !unless.test(text));
}

function isStatusMet({ methods, statuses }: Match, { method = '', status }: AccessLine): boolean {
  return (
    (methods === undefined || methods.includes(method)) &&
    (statuses === undefined || statuses.some(([first, last]) => status >= first && status <= last))
  );
}
