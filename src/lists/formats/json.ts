import { quoted } from '../../ctim/problem.ts';
import { type SourceItem, sourceLines } from './items.ts';

/**
 * A JSON document, or one a line (NDJSON). `column` is the way to the values, key by key: `data.items.ip`. Arrays on the
 * way are gone through, `*` is any key; without a column the values are those of an array of texts.
 */
export function* jsonItems(text: string, column: string | number = ''): Generator<SourceItem> {
  const path = String(column)
    .split('.')
    .filter((step) => step !== '');
  const whole = parse(text);
  if (whole !== undefined) {
    yield* valuesOf(whole.json, path, lineFinder(text));
    return;
  }
  const first = sourceLines(text).next().value;
  if (first === undefined || parse(first.raw) === undefined) {
    yield { is: 'invalid', line: 1, column: 1, message: 'it is no JSON, neither as a whole nor line by line' };
    return;
  }
  for (const { line, raw } of sourceLines(text)) {
    const document = raw.trim() === '' ? undefined : parse(raw);
    if (raw.trim() === '') yield { is: 'blank', line };
    else if (document === undefined) yield { is: 'invalid', line, column: 1, message: 'this line is no JSON' };
    else yield* valuesOf(document.json, path, () => line);
  }
}

function parse(text: string): { json: unknown } | undefined {
  try {
    return { json: JSON.parse(text.startsWith('\ufeff') ? text.slice(1) : text) };
  } catch {
    return undefined;
  }
}

type LineOf = (value: string) => number;

function* valuesOf(json: unknown, path: readonly string[], lineOf: LineOf): Generator<SourceItem> {
  if (Array.isArray(json)) {
    for (const item of json) yield* valuesOf(item, path, lineOf);
    return;
  }
  const [step, ...rest] = path;
  const line = lineOf('');
  if (typeof json === 'object' && json !== null) {
    if (step === undefined) {
      const message = `here is an object with ${Object.keys(json).slice(0, 8).map(quoted).join(', ')}: "column" names the way to the values`;
      yield { is: 'invalid', line, column: 1, message };
    } else if (step === '*') {
      for (const value of Object.values(json)) yield* valuesOf(value, rest, lineOf);
    } else if (Object.hasOwn(json, step)) {
      yield* valuesOf((json as Record<string, unknown>)[step], rest, lineOf);
    } else {
      yield { is: 'left out', line };
    }
    return;
  }
  // Nobody has to know a value of everything: what is not told is no mistake.
  if (json === null || json === '') yield { is: 'left out', line };
  else if (typeof json !== 'string' || step !== undefined)
    yield {
      is: 'invalid',
      line,
      column: 1,
      message: `${quoted(String(json))} stands where ${step === undefined ? 'a text' : `an object with ${quoted(step)}`} is expected`,
    };
  else yield { is: 'value', line: lineOf(json), column: 1, value: json };
}

/** Values come in the order of the text, so each is looked for behind the one before. Slashes may be written `\/`. */
function lineFinder(text: string): LineOf {
  let at = 0;
  let line = 1;
  return (value) => {
    if (value === '') return line;
    const written = JSON.stringify(value);
    const plain = text.indexOf(written, at);
    const found = plain >= 0 ? plain : text.indexOf(written.replaceAll('/', '\\/'), at);
    if (found < 0) return line;
    for (
      let newline = text.indexOf('\n', at);
      newline >= 0 && newline < found;
      newline = text.indexOf('\n', newline + 1)
    )
      line++;
    at = found;
    return line;
  };
}
