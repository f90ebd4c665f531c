import type { AttackRule } from './attack-rule.ts';
import { LINE_BYTES_MAX } from './log-lines.ts';
import { makeMatchRules } from './match-rules.ts';

/** A line that costs more than a line may: whoever sends it stops the reading of the log. */
export interface SlowLine {
  readonly rule: string;
  readonly file: string;
  readonly repeated: string;
  readonly ms: number;
}

/** Of the processor's time, on any machine; a rule without faults takes a few. */
const MS_MAX = 250;

/**
 * Sends lines as long as one may be through each rule by itself: what its own words and tests begin with, again and again, since
 * a regular expression is slow where it nearly matches at every place.
 */
export function slowLines(rules: readonly AttackRule[]): SlowLine[] {
  return rules.flatMap((rule) => {
    const matchRules = makeMatchRules([rule]);
    return hostilePieces(rule).flatMap((repeated) => {
      const before = process.cpuUsage();
      matchRules(hostileLine(repeated));
      const { user, system } = process.cpuUsage(before);
      const ms = Math.round((user + system) / 1000);
      return ms > MS_MAX ? [{ rule: rule.name, file: rule.file, repeated, ms }] : [];
    });
  });
}

/** One place each where many alike are: words differ in what follows them, not in what they cost. */
const WORDS_MAX = 2;

function hostilePieces({ match, tests }: AttackRule): string[] {
  const words = match.flatMap((one) => one.words.slice(0, WORDS_MAX));
  const openings = tests.matching.map(({ line, userAgent, referer }) => {
    return (userAgent ?? referer ?? line.replace(/^[A-Z]+ /, '')).slice(0, -1);
  });
  return [...new Set([...words.map((word) => `=${word} `), ...openings, ...SIGNS])];
}

const SIGNS = [' ', '../', '%25', '<a ', '${', "'", '/*', '(', '=', '\\x3c'];

function hostileLine(repeated: string) {
  const text = repeated.repeat(Math.ceil(LINE_BYTES_MAX / 4 / repeated.length));
  const request = `GET /${text}?x=${text} HTTP/1.1`;
  return {
    ...{ client: '192.0.2.1', time: 0, request, method: 'GET', target: `/${text}?x=${text}` },
    ...{ status: 404, bytes: 0, userAgent: text, referer: text },
  };
}
