import { type ConsumerName, refusesRanges } from '../ctim/consumer.ts';
import type { Entry } from '../ctim/entry.ts';
import type { ListAction } from '../ctim/feed.ts';
import { isRange, type Observable, type ObservableType, observableKey } from '../ctim/observable.ts';
import { type Problem, quoted } from '../ctim/problem.ts';
import type { ChannelSettings, RequiredWord } from './channels.ts';
import { type EntriesText, entriesText, type FeedsFiles, upstreamPath } from './feeds-files.ts';
import { type SourceFormat, sourceItems } from './formats/formats.ts';
import type { Guards } from './guards/guards.ts';
import { laterLifetime } from './lifetime.ts';
import type { ListLimits } from './limits-schema.ts';
import type { Item, ListFile } from './list-file.ts';
import { normalise, type Remark } from './normalise.ts';
import { type TextLine, textLines } from './text-list.ts';
import { makeLeftOut } from './upstream-left-out.ts';
import type { Upstream } from './upstream-schema.ts';
import { makeTermsPool, type Words } from './words.ts';
import type { YamlFault } from './yaml-tree.ts';

/**
 * What became of one list. Each of its entries and lines is counted exactly once: accepted, duplicate, unsupported (left out,
 * where a format knows more than observables) or invalid.
 */
export interface ListSummary {
  readonly file: string;
  readonly name: string;
  readonly action: ListAction;
  readonly channel: string;
  readonly example: boolean;
  readonly limits: ListLimits;
  readonly accepted: number;
  readonly duplicates: number;
  readonly unsupported: number;
  readonly invalid: number;
  readonly by_type: Partial<Record<ObservableType, number>>;
  readonly upstream?: Upstream;
  /** Its upstream has no good copy yet: what it would list is not known, which is not nothing. */
  readonly unknown?: true;
}

export interface ListContext {
  /** The list's file, below the feeds folder. */
  readonly path: string;
  /** Undefined where the list names none that fits; that is told already, and the entries are looked at all the same. */
  readonly channel: ChannelSettings | undefined;
  readonly guards: Guards;
  readonly files: FeedsFiles;
  readonly problems: Problem[];
  /** What plain lines of a text file meant in an earlier reading of this very list, where it is known. */
  readonly known?: KnownLines | undefined;
  /** Called after each entry: now and then there is something to await, which gives the event loop its turn. */
  readonly breathe: () => Promise<void> | undefined;
}

export interface KnownLines {
  /** The entry that a line was, and is again, where it stands now; undefined where it has to be looked at. Asked line by line. */
  readonly of: (file: string) => (line: TextLine) => Entry | undefined;
  /** No value stood twice: of the entries that are found none is another one's duplicate. */
  readonly areApart: boolean;
  /** What need not be looked at line by line; undefined where that is not known of this file. */
  readonly around: (source: EntriesText) => Around | undefined;
}

/** A text of which one part changed: the entries before it and behind it, where they stand now, and that part. */
export interface Around {
  readonly head: readonly Entry[];
  readonly changed: { readonly text: string; readonly firstLine: number };
  readonly tail: readonly Entry[];
}

interface EntriesRead {
  readonly summary: ListSummary;
  readonly entries: Entry[];
}

/** The entries of one list, its text files included, with problems for what is none. */
export async function readEntries(list: ListFile, context: ListContext): Promise<EntriesRead> {
  const { problems, known } = context;
  const said = problems.length;
  const read = await readOnce(list, context, known?.areApart === true ? 'laid' : 'looked up');
  if (read !== 'stands twice') return read;
  problems.length = said;
  const whole = await readOnce(list, context, 'looked up');
  if (whole === 'stands twice') throw new Error(`an entry of ${list.name} that was looked up stands twice`);
  return whole;
}

/**
 * What is known of each line that stood there before: whether its value stands there already. To look up 100,000 of them because
 * one line changed takes longer than all else. Where they are known to be apart they are laid down as they come, and it is
 * enough that at the end none of them has the value of a line that is new.
 */
async function readOnce(
  list: ListFile,
  context: ListContext,
  knownAre: 'laid' | 'looked up',
): Promise<EntriesRead | 'stands twice'> {
  const { path, files, problems, breathe } = context;
  const file = `${files.folder}/${path}`;
  const overrides = readOverrides(list, file, problems);
  const { upstream } = list;
  const leftOut = upstream === undefined ? undefined : makeLeftOut();
  const draft = makeDraft(list, overrides, leftOut === undefined ? context : { ...context, problems: leftOut });
  // With overrides a line may have words of its own, by which a guard lets it pass.
  const known = overrides.size === 0 ? context.known : undefined;
  const knownIn = known?.of ?? (() => () => undefined);
  const takeKnown = knownAre === 'laid' ? draft.layKnown : draft.takeKnown;
  const takeItems = async ({ file: from, text }: { file: string; text: string }, format: SourceFormat) => {
    const knownHere = knownIn(from);
    for (const item of sourceItems(text, format)) {
      if (item.is === 'value') {
        const { value, line, column } = item;
        const entry = knownHere(item);
        if (entry !== undefined) takeKnown(entry);
        else draft.take({ value, words: NO_WORDS, line, column }, from, format.type);
      } else if (item.is === 'invalid') {
        draft.take({ ...item, value: '', words: NO_WORDS, broken: true, faults: [faultOf(item)] }, from);
      } else if (item.is === 'left out') draft.leaveOut();
      const turn = breathe();
      if (turn !== undefined) await turn;
    }
  };
  for (const item of list.observables) {
    draft.take(item, file);
    const turn = breathe();
    if (turn !== undefined) await turn;
  }
  for (const from of list.entriesFrom) {
    const source = await entriesText(from, path, files, problems);
    if (source === undefined) continue;
    if (from.format !== undefined) {
      await takeItems(source, from.format);
      continue;
    }
    const knownHere = knownIn(source.file);
    const around = knownAre === 'laid' ? known?.around(source) : undefined;
    const { text, firstLine } = around?.changed ?? { text: source.text, firstLine: 1 };
    for (const entry of around?.head ?? []) draft.layKnown(entry);
    for (const line of textLines(text, firstLine)) {
      const entry = knownHere(line);
      if (entry !== undefined) takeKnown(entry);
      else draft.take({ value: line.value, words: NO_WORDS, line: line.line, column: line.column }, source.file);
      const turn = breathe();
      if (turn !== undefined) await turn;
    }
    for (const entry of around?.tail ?? []) draft.layKnown(entry);
  }
  const copy = upstream && (await files.textFile(upstreamPath(list.name)));
  if (copy !== undefined && 'text' in copy && upstream)
    await takeItems({ file: `upstream ${list.name}`, text: copy.text }, upstream);
  if (draft.standsTwice()) return 'stands twice';
  // A copy that was good, and holds nothing as it is read today: somebody changed how it is read.
  const isUnread =
    copy !== undefined && 'text' in copy && upstream?.bounds.minEntries !== 0 && draft.counts().accepted === 0;
  const isUnknown = isUnread || (copy !== undefined && 'fault' in copy);
  if (upstream && leftOut) problems.push(...leftOut.told({ file, ...upstream.place }));
  if (upstream && isUnread) problems.push({ ...UNREAD, file, ...upstream.place });
  for (const { item, used } of overrides.values()) {
    // Of a list that is pulled a value comes and goes.
    if (used || upstream !== undefined) continue;
    const message = `${quoted(item.value)} stands in no entry of this list: the override changes nothing`;
    problems.push({ severity: 'notice', code: 'unused-override', message, file, line: item.line, column: item.column });
  }
  const { name, action, channel, example, limits } = list;
  const said = { ...(upstream !== undefined && { upstream }), ...(isUnknown && { unknown: true as const }) };
  return {
    summary: { file, name, action, channel, example, limits, ...draft.counts(), ...said },
    entries: draft.entries(),
  };
}

function faultOf({ message, line, column }: { message: string; line: number; column: number }): YamlFault {
  return { code: 'invalid-line', message, line, column };
}

const NO_WORDS: Words = { terms: {} };
const UNREAD = {
  severity: 'notice',
  code: 'upstream-unread',
  message:
    'the last good copy has no entry, read as format, column and type say now: until it has one, what is live of this list stays',
} as const;

function makeDraft(
  list: ListFile,
  overrides: ReadonlyMap<string, Override>,
  { channel, guards, problems }: Pick<ListContext, 'channel' | 'guards'> & { problems: Pick<Problem[], 'push'> },
) {
  const counts = { accepted: 0, duplicates: 0, unsupported: 0, invalid: 0 };
  // By type and then by value, so that a million lines need no million keys glued together.
  const found = new Map<ObservableType, OfType>();
  const lay = makeTermsPool();

  /** Each way out of here counts once. `only`: the type that is asked for; another is left out. */
  const take = (item: Item, file: string, only?: ObservableType): void => {
    const position = { file, line: item.line, column: item.column };
    const say = (severity: Problem['severity'], code: string, message: string, observable?: Observable) => {
      problems.push({ severity, code, message, ...(observable && { observable }), ...position });
    };
    for (const { code, message, line, column } of item.faults ?? [])
      problems.push({ severity: 'error', code, message, file, line, column });
    const result =
      item.broken && item.value === '' ? undefined : normalise(item.value, { type: item.type, refang: list.refang });
    if (result === undefined || 'refused' in result || item.broken) {
      counts.invalid++;
      if (result !== undefined && 'refused' in result) {
        const { code, message } = result.refused;
        say('error', code, item.hint === undefined ? message : `${message}; ${item.hint}`);
      }
      return;
    }
    const { observable, notice }: { observable: Observable; notice?: Remark } = result;
    if (only !== undefined && observable.type !== only) {
      counts.unsupported++;
      return;
    }
    if (list.action === 'block' && observable.type === 'domain' && observable.value.startsWith('*.')) {
      counts.invalid++;
      say('error', 'wildcard-on-block-list', wildcardMessage(observable), observable);
      return;
    }
    if (channel !== undefined && !channel.titles.has(observable.type)) {
      counts.unsupported++;
      const message = `${quoted(observable.value)} is of type ${observable.type}, which the channel ${channel.name} does not declare: it is not published`;
      say('notice', 'unsupported-type', message, observable);
      return;
    }
    const rangeless = isRange(observable) ? refusesRanges(channel?.consumers ?? [], observable.type) : undefined;
    if (rangeless !== undefined) {
      counts.invalid++;
      say('error', 'consumer-range', rangeMessage(observable, list.channel, rangeless), observable);
      return;
    }
    const words = overrides.size === 0 ? item.words : overridden(item.words, overrides.get(observableKey(observable)));
    const { entries, places } = ofType(found, observable.type);
    const place = places.get(observable.value) ?? -1;
    const first = entries[place];
    if (first !== undefined) {
      counts.duplicates++;
      const lifetime = laterLifetime(first.terms.lifetime, lay(list.terms, words.terms).lifetime);
      if (lifetime !== first.terms.lifetime) entries[place] = { ...first, terms: lay(first.terms, { lifetime }) };
      say('notice', 'duplicate', duplicateMessage(first), observable);
      return;
    }
    const guarded = list.action === 'block' ? guards.judge(observable) : undefined;
    const forced = words.force !== undefined && guarded?.weight !== 'never';
    if (guarded !== undefined && guarded.weight !== 'warn' && !forced) {
      counts.invalid++;
      say('error', guarded.code, guarded.message, observable);
      return;
    }
    if (guarded?.weight === 'warn' && !forced) say('notice', guarded.code, guarded.message, observable);
    if (guarded?.weight === 'refuse') {
      say(
        'notice',
        'forced',
        `${quoted(observable.value)} is published against ${guarded.code}, for this reason: ${quoted(words.force ?? '')}`,
        observable,
      );
    }
    const terms = lay(list.terms, words.terms);
    const missing = channel?.require.find((word) => terms[word] === undefined);
    if (missing !== undefined) {
      counts.invalid++;
      say('error', 'required-word', requiredMessage(observable, missing, list.channel), observable);
      return;
    }
    if (notice !== undefined) say('notice', notice.code, notice.message, observable);
    counts.accepted++;
    const carveOut = (words.carveOut ?? list.carveOut) && list.action === 'block' && isRange(observable);
    places.set(observable.value, entries.length);
    entries.push({
      observable,
      terms,
      list: list.name,
      channel: list.channel,
      position,
      ...(carveOut && { carveOut }),
      ...(forced && list.action === 'block' && { forced }),
      ...(words.adopt && { adopt: words.adopt }),
    });
  };

  /** It was accepted before, with nothing to be said of it and the list's own terms: it stands again, unless it stands already. */
  const takeKnown = (entry: Entry): void => {
    const { observable, position } = entry;
    const { entries, places } = ofType(found, observable.type);
    if (places.has(observable.value)) {
      take({ ...position, value: observable.value, words: NO_WORDS }, position.file);
      return;
    }
    counts.accepted++;
    places.set(observable.value, entries.length);
    entries.push(entry);
  };

  return {
    take,
    takeKnown,
    layKnown(entry: Entry): void {
      counts.accepted++;
      ofType(found, entry.observable.type).entries.push(entry);
    },
    /** Whether an entry that was laid has the value of one that was taken. */
    standsTwice(): boolean {
      for (const { entries, places } of found.values()) {
        if (places.size === 0 || places.size === entries.length) continue;
        for (let n = 0; n < entries.length; n += 1)
          if ((places.get(entries[n]?.observable.value ?? '') ?? n) !== n) return true;
      }
      return false;
    },
    leaveOut() {
      counts.unsupported++;
    },
    counts() {
      const by_type: Partial<Record<ObservableType, number>> = {};
      for (const [type, { entries }] of found) if (entries.length > 0) by_type[type] = entries.length;
      return { ...counts, by_type };
    },
    entries() {
      const [first = [], ...more] = [...found.values()].map(({ entries }) => entries);
      return first.concat(...more);
    },
  };
}

/** Entries in the order of their lines, and where in it the value stands that was looked at. */
interface OfType {
  readonly entries: Entry[];
  readonly places: Map<string, number>;
}

function ofType(found: Map<ObservableType, OfType>, type: ObservableType): OfType {
  const known = found.get(type);
  if (known !== undefined) return known;
  const made = { entries: [], places: new Map<string, number>() };
  found.set(type, made);
  return made;
}

interface Override {
  readonly item: Item;
  used: boolean;
}

/** Keys are compared in normal form: `::0:1` in overrides means `::1` in a text file. */
function readOverrides(list: ListFile, file: string, problems: Problem[]): Map<string, Override> {
  const overrides = new Map<string, Override>();
  for (const item of list.overrides) {
    const result = normalise(item.value, { refang: list.refang });
    const at = { severity: 'error', file, line: item.line, column: item.column } as const;
    if ('refused' in result) {
      problems.push({ ...at, code: result.refused.code, message: result.refused.message });
      continue;
    }
    const key = observableKey(result.observable);
    const other = overrides.get(key);
    if (other === undefined) {
      overrides.set(key, { item, used: false });
    } else {
      const message = `${quoted(item.value)} is the same observable as ${quoted(other.item.value)} in line ${other.item.line}: keep one override`;
      problems.push({ ...at, code: 'duplicate-override', message });
    }
  }
  return overrides;
}

/** An entry's own words go before those of its override. */
function overridden(own: Words, override: Override | undefined): Words {
  if (override === undefined) return own;
  override.used = true;
  const { words } = override.item;
  return { ...words, ...own, terms: { ...words.terms, ...own.terms } };
}

function wildcardMessage({ value }: Observable): string {
  return `${quoted(value)} stands on allow lists only: write ${quoted(value.slice(2))}, firewalls match the names below it anyway`;
}

function rangeMessage({ value }: Observable, channel: string, consumer: ConsumerName): string {
  return `${quoted(value)} is a range, and ${consumer}, which pulls the feeds of ${channel}, takes single addresses only: list the addresses, or publish ranges in a channel without it`;
}

function requiredMessage({ value }: Observable, word: RequiredWord, channel: string): string {
  return `${quoted(value)} has no ${word}, which the channel ${channel} requires: write it beside the value, in overrides, or in the list's defaults`;
}

function duplicateMessage({ observable, position }: Entry): string {
  return `${quoted(observable.value)} stands first in ${position.file}:${position.line}, whose words count; of the two the later end counts`;
}
