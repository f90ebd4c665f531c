import type { AllowedByHand, Entry, Position } from '../ctim/entry.ts';
import { type Observable, observableKey } from '../ctim/observable.ts';
import { type Problem, quoted } from '../ctim/problem.ts';
import { type AddressRange, makeRangeTable, parseRange, rangeOf, without } from './address.ts';
import { parentsOf } from './domain.ts';
import { hostOf, isWholeHost } from './url.ts';

/**
 * Allow beats block, whatever the lists and channels:
 *
 *   block entry                               allow entry                          what happens
 *   the same observable                       any                                  shadowed
 *   address or range inside                   range                                shadowed
 *   name equal or below / below               domain d / *.d                       shadowed
 *   URL of a whole host (no path)             its host, as above                   shadowed
 *   URL with a path                           its host, as above                   published, with a notice: a page is less than its host
 *   range that contains it                    address or range                     error: to be split; with `carve_out: true` it is
 *   name above it                             domain d or *.d                      error: firewalls match sub-domains
 *
 * A shadowed entry is not published and a notice names both lines. A feed lists everything linked to it whatever its
 * disposition, so allow acts by leaving out, and a wider block cannot be left out in part: hence the two errors.
 * What people allowed by hand shadows in the same way, but never makes a list invalid: there the errors are notices. With
 * `--carve-out` a person splits the ranges that contain it, whatever their lists say of that.
 */
export function makePrecedence(allows: readonly Entry[], adhocAllow: readonly AllowedByHand[]): Precedence {
  const committed = makeAllowed(allows.map(ofList));
  const byHand = makeAllowed(
    adhocAllow.map((observable) => ({
      observable,
      where: 'adhoc-allow',
      byHand: true,
      carves: observable.carveOut === true,
    })),
  );
  if (allows.length + adhocAllow.length === 0) return () => UNTOUCHED;
  return (entry) => {
    const shadow = committed.covers(entry.observable) ?? byHand.covers(entry.observable);
    if (shadow !== undefined) {
      const problem: Problem = {
        severity: 'notice',
        code: 'shadowed',
        message: shadowMessage(entry, shadow),
        observable: entry.observable,
        ...entry.position,
      };
      return { published: false, problems: [problem] };
    }
    const said = [committed.remark(entry.observable), byHand.remark(entry.observable)].filter(
      (remark) => remark !== undefined,
    );
    if (said.length === 0) return UNTOUCHED;
    const holes = byHand.holes(entry.observable);
    const punched = entry.carveOut
      ? [...committed.holes(entry.observable), ...holes]
      : holes.filter(({ label }) => label.carves);
    // A list that is invalid stays so: by hand only what people allowed by hand is let through.
    if (punched.length > 0 && !said.some(({ severity }) => severity === 'error' && !entry.carveOut))
      return carve(entry, punched);
    return {
      published: true,
      problems: said.map((remark) => ({ ...remark, observable: entry.observable, ...entry.position })),
    };
  };
}

/** Why a block of this observable would not be published, or would make its list invalid; undefined where nothing is in its way. */
export function makeWhyAllowed(allows: readonly Entry[]): (observable: Observable) => string | undefined {
  const allowed = makeAllowed(allows.map(ofList));
  return (observable) => {
    const shadow = allowed.covers(observable);
    if (shadow !== undefined) return `it is allowed by ${byText(observable, shadow)}`;
    const remark = allowed.remark(observable);
    return remark?.severity === 'error' ? remark.message : undefined;
  };
}

/** What becomes of one block entry. */
export type Precedence = (entry: Entry) => Verdict;

interface Verdict {
  readonly published: boolean;
  /** What is published in its place. */
  readonly parts?: readonly Entry[];
  readonly problems: readonly Problem[];
}

const UNTOUCHED = { published: true, problems: [] };

interface Allow {
  readonly observable: Observable;
  /** `feeds/never-block.yaml:9`, or the list of what people did by hand. */
  readonly where: string;
  readonly byHand: boolean;
  /** Whether ranges that contain it are split although their entries do not say so. */
  readonly carves: boolean;
}

function ofList({ observable, position }: Entry): Allow {
  return { observable, where: placeText(position), byHand: false, carves: false };
}

interface Allowed {
  /** The allow entry that makes this observable not be blocked. */
  covers(observable: Observable): Allow | undefined;
  /** The allowed ranges that lie inside of it. */
  holes(observable: Observable): readonly Hole[];
  /** What is to be said of a block entry that is published although something is allowed. */
  remark(observable: Observable): Pick<Problem, 'severity' | 'code' | 'message'> | undefined;
}

function makeAllowed(allows: readonly Allow[]): Allowed {
  const exact = new Map<string, Allow>();
  /** Domain → its entry, and domain → the entry `*.domain`. */
  const names = new Map<string, Allow>();
  const wildcards = new Map<string, Allow>();
  /** Every name that a block entry must not have, since it is above an allowed one. */
  const above = new Map<string, Allow>();
  const rows: { range: AddressRange; label: Allow }[] = [];
  for (const allow of allows) {
    const { observable } = allow;
    keepFirst(exact, observableKey(observable), allow);
    const range = rangeOf(observable);
    if (range !== undefined) rows.push({ range, label: allow });
    if (observable.type !== 'domain') continue;
    const wildcard = observable.value.startsWith('*.');
    const name = wildcard ? observable.value.slice(2) : observable.value;
    keepFirst(wildcard ? wildcards : names, name, allow);
    if (wildcard) keepFirst(above, name, allow);
    for (const parent of parentsOf(name)) keepFirst(above, parent, allow);
  }
  const ranges = makeRangeTable(rows);
  const coversName = (name: string): Allow | undefined => {
    const own = names.get(name);
    if (own !== undefined || (names.size === 0 && wildcards.size === 0)) return own;
    for (const parent of parentsOf(name)) {
      const found = names.get(parent) ?? wildcards.get(parent);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const coversHost = (url: string): Allow | undefined => {
    const host = hostOf(url);
    const range = parseRange(host);
    return range === undefined ? coversName(host) : ranges.covering(range);
  };
  const holes = (observable: Observable): readonly Hole[] => {
    const range = rangeOf(observable);
    return range === undefined ? [] : ranges.inside(range);
  };
  return {
    holes,
    covers(observable) {
      const same = exact.get(observableKey(observable));
      if (same !== undefined) return same;
      if (observable.type === 'domain') return coversName(observable.value);
      if (observable.type === 'url') return isWholeHost(observable.value) ? coversHost(observable.value) : undefined;
      const range = rangeOf(observable);
      return range === undefined ? undefined : ranges.covering(range);
    },
    remark(observable) {
      if (observable.type === 'url') {
        const host = coversHost(observable.value);
        if (host === undefined) return undefined;
        const message = `${quoted(observable.value)} is published although ${quoted(host.observable.value)} is allowed (${host.where}): a page is less than its host; allow the URL itself to unblock it`;
        return { severity: 'notice', code: 'url-of-allowed-host', message };
      }
      const child = observable.type === 'domain' ? above.get(observable.value) : undefined;
      if (child !== undefined) {
        const message = `${quoted(observable.value)} is above ${quoted(child.observable.value)}, which is allowed (${child.where}), and firewalls match the names below it: block the single names instead, or remove one of the two lines`;
        return { severity: child.byHand ? 'notice' : 'error', code: 'blocks-allowed', message };
      }
      const range = rangeOf(observable);
      const inside = holes(observable);
      const [first] = inside;
      if (range === undefined || first === undefined) return undefined;
      const more = inside.length === 1 ? '' : ` and ${inside.length - 1} more`;
      const message = `${quoted(observable.value)} contains ${quoted(first.label.observable.value)}, which is allowed (${first.label.where})${more}: write instead ${splitText(
        range,
        inside.map((hole) => hole.range),
      )}, or "carve_out: true", or remove one of the two lines`;
      return { severity: first.label.byHand ? 'notice' : 'error', code: 'blocks-allowed', message };
    },
  };
}

type Hole = { range: AddressRange; label: Allow };

/** A range without one IPv4 address is 24 parts at most, without one of IPv6 109. Who punches more holes means something else. */
const PARTS_MAX = 1024;

/** The largest ranges around what is allowed, each an entry like the one that they stand for. */
function carve(entry: Entry, holes: readonly Hole[]): Verdict {
  const range = rangeOf(entry.observable);
  const [first] = holes;
  if (range === undefined || first === undefined) return UNTOUCHED;
  const { carveOut: _, adopt: __, ...rest } = entry;
  const parts: Entry[] = [];
  const around = without(
    range,
    holes.map((hole) => hole.range),
  );
  const name = quoted(entry.observable.value);
  const why = `${quoted(first.label.observable.value)}, which is allowed (${first.label.where})${holes.length === 1 ? '' : ` and ${holes.length - 1} more`}`;
  for (const value of around) {
    if (parts.length === PARTS_MAX) {
      const message = `${name} would be published in more than ${PARTS_MAX} parts around ${why}: block smaller ranges`;
      return { published: false, problems: [{ severity: 'error', code: 'carve-out', message, ...entry.position }] };
    }
    parts.push({ ...rest, observable: { type: entry.observable.type, value } });
  }
  const message = `${name} is published in ${parts.length} parts around ${why}`;
  return { published: true, parts, problems: [{ severity: 'notice', code: 'carved-out', message, ...entry.position }] };
}

/** A range without a single IPv4 address has up to 32 parts; more would not be read. */
const SPLIT_SHOWN = 32;

function splitText(range: AddressRange, holes: readonly AddressRange[]): string {
  const parts: string[] = [];
  for (const part of without(range, holes)) {
    if (parts.length === SPLIT_SHOWN) return `${parts.join(', ')} and further parts`;
    parts.push(part);
  }
  return parts.join(', ');
}

function shadowMessage({ observable }: Entry, shadow: Allow): string {
  return `${quoted(observable.value)} is not published: it is allowed by ${byText(observable, shadow)}; remove one of the two lines`;
}

/** `feeds/never-block.yaml:9`, with what stands there where that is not the same. */
function byText(observable: Observable, { observable: allowed, where }: Allow): string {
  return observableKey(allowed) === observableKey(observable) ? where : `${quoted(allowed.value)} in ${where}`;
}

function placeText({ file, line }: Position): string {
  return `${file}:${line}`;
}

function keepFirst<T>(map: Map<string, T>, key: string, value: T): void {
  if (!map.has(key)) map.set(key, value);
}
