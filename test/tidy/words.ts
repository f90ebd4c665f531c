import { type Finding, lineOf, type Source, withoutComments } from './source.ts';

interface BannedWord {
  word: RegExp;
  instead: string;
  /** Paths, or folders with a `/` at the end, where it has its home. */
  except?: string[];
  /** Comments and documents too, not only code. */
  inProse?: true;
}

const CLOCK = 'src/runtime/clock.ts';

export const BANNED_WORDS: BannedWord[] = [
  { word: /\bDate\.now\(|\bnew Date\(\)/g, instead: 'the clock you were given', except: [CLOCK] },
  { word: /\bset(Timeout|Interval)\b/g, instead: 'clock.sleep of the clock you were given', except: [CLOCK] },
  { word: /\bprocess\.env\b/g, instead: 'a field of Config', except: ['src/runtime/config.ts', 'src/main.ts'] },
  { word: /\bprocess\.argv\b/g, instead: 'an argument', except: ['src/main.ts', 'src/cli/'] },
  {
    word: /\bprocess\.exit\(/g,
    instead: 'process.exitCode, so that what is open is closed first',
    except: ['src/main.ts', 'src/cli/'],
  },
  { word: /\bconsole\./g, instead: 'the log you were given', except: ['src/cli/'] },
  { word: /\bMath\.random\b/g, instead: 'randomness that is passed in, or node:crypto where it is to be unguessable' },
  {
    word: /\bURL\.canParse\b/g,
    instead: 'parsedUrl of src/lists/url.ts: on Node 20 this one refuses an ü once it is compiled',
  },
  { word: /\b(TODO|FIXME|XXX|HACK)\b/g, instead: 'the thing itself, or the number of its issue', inProse: true },
  { word: /\bjudgment/gi, instead: 'judgement, as CTIM spells it', inProse: true },
  { word: /\b(black|white)[- ]?list/gi, instead: 'block list or allow list', inProse: true },
];

export function wordFindings({ path, text }: Source): Finding[] {
  const code = withoutComments(text);
  return BANNED_WORDS.flatMap(({ word, instead, except = [], inProse }) => {
    if (except.some((home) => path === home || (home.endsWith('/') && path.startsWith(home)))) return [];
    const searched = inProse ? text : code;
    return [...searched.matchAll(word)].map(
      (match) => `${path}:${lineOf(searched, match.index)} says ${match[0]}; use ${instead}`,
    );
  });
}

interface ForeignPath {
  pattern: RegExp;
  what: string;
}

/** What is true on one machine only. Written so that no pattern matches itself. */
const FOREIGN: ForeignPath[] = [
  { pattern: /(?<![\w.~-])\/(work|root|Users)\/[\w.-]+/g, what: 'a path of one machine' },
  { pattern: /(?<![\w.~-])\/home\/(?!node\b)[\w.-]+/g, what: 'a path of one machine' },
  { pattern: /\bregistry\.[\w-]+\.(org|com)\b/g, what: 'a package registry' },
  { pattern: /"resolved":\s"http[^"]*/g, what: 'where a package was downloaded' },
];

export function machineFindings({ path, text }: Source): Finding[] {
  return FOREIGN.flatMap(({ pattern, what }) =>
    [...text.matchAll(pattern)].map(
      (match) =>
        `${path}:${lineOf(text, match.index)} names ${what}, ${match[0]}; say it relative to the repository, or not at all`,
    ),
  );
}
