import { type Entity, isTransient, PLURALS, type Plural, pluralOf } from '../../ctim/bundle.ts';
import { MEMBER_OF, RELATED_TO } from '../../ctim/incident.ts';
import type { Tlp } from '../../ctim/judgement.ts';
import { completed, type Unsaid } from './complete.ts';
import type { Draft } from './draft.ts';
import type { FileProblem } from './file.ts';
import { forgedId, memberHash, partHash, partIds } from './identity.ts';

/** One entity as it is sent: with its transient id, and the ids by which an import knows it again. */
export interface Part {
  readonly plural: Plural;
  readonly entity: Entity & { id: string };
  readonly where: string;
  readonly grows?: true;
}

/** Everything that is to be written, in the order of what depends on what: relationships last, the incident first. */
export interface Built {
  readonly parts: readonly Part[];
  /** What said the same as another one and is written once: its place, and the transient id of the other. */
  readonly same: readonly { readonly where: string; readonly as: string }[];
}

export interface BuildOptions extends Unsaid {
  readonly owner: string;
}

/**
 * Drafts become what is sent: ids, defaults, and a relationship to the incident for each thing that belongs to it
 * (`member-of` for sightings, `related-to` for all else), where there is one incident and none is said. Nothing is
 * sent that points at what is not there: CTIA would keep such a relationship as it is.
 */
export function build(drafts: readonly Draft[], options: BuildOptions): Built | { readonly problems: FileProblem[] } {
  const problems: FileProblem[] = [];
  const { owner } = options;
  const things = drafts
    .filter(({ plural }) => plural !== 'relationships')
    .map((draft) => (draft.plural === 'incidents' ? openedWith(draft, drafts) : draft))
    .sort(byKind);
  const [incident, ...more] = things.filter(({ plural }) => plural === 'incidents');
  const only = more.length === 0 ? incident : undefined;
  const unsaid = only === undefined ? options : unsaidIn(only.entity, options);
  const incidentHash = only && partHash('incidents', only.entity, undefined);

  const labels = new Map<string, Thing>();
  const known = new Map<string, Thing>();
  const same: { where: string; as: string }[] = [];
  const takeLabel = ({ label, where }: Draft, thing: Thing) => {
    if (label === undefined) return;
    const first = labels.get(label);
    if (first !== undefined)
      problems.push({ where, message: `its id ${label} stands at ${first.part.where} already: give each its own` });
    else labels.set(label, thing);
  };
  for (const draft of things) {
    const { plural, where, entity } = draft;
    problems.push(...strayTransients(entity, where));
    const forged = forgedId(owner, entity.external_ids);
    if (forged !== undefined)
      problems.push({
        where,
        message: `the external id ${forged} begins with ${owner}-, as our own do: give it another`,
      });
    const h = partHash(plural, entity, plural === 'incidents' ? undefined : incidentHash);
    const key = `${plural} ${h}`;
    const first = known.get(key);
    if (first !== undefined) {
      takeLabel(draft, first);
      if (JSON.stringify(first.said) !== JSON.stringify(entity))
        problems.push({ where, message: `it has the external id of ${first.part.where} and says something else` });
      else same.push({ where, as: first.part.entity.id });
      continue;
    }
    const id = `transient:${plural}-${known.size}`;
    const whole = completed(plural, entity, unsaid);
    const part = {
      plural,
      entity: { ...whole, id, external_ids: partIds(owner, plural, h, entity.external_ids) },
      where,
      ...(draft.grows && { grows: draft.grows }),
    };
    const thing = { part, said: entity, key };
    known.set(key, thing);
    takeLabel(draft, thing);
  }

  const relationships = drafts.filter(({ plural }) => plural === 'relationships');
  const said = relationships.map((draft) => relate(draft, labels, problems)).filter((it) => it !== undefined);
  const implied = only === undefined ? [] : impliedBy(only, [...known.values()], said);
  const members = new Map<string, Part>();
  for (const { type, source, target, entity, where } of [...said, ...implied]) {
    const own = entity.external_ids ?? [];
    const h = own.length > 0 ? partHash('relationships', entity, undefined) : memberHash(type, source.key, target.key);
    if (members.has(h)) continue;
    const whole = {
      ...completed('relationships', { source: unsaid.source, ...entity }, unsaid),
      ...{ relationship_type: type, source_ref: source.id, target_ref: target.id },
      ...{ id: `transient:relationships-${members.size}`, external_ids: partIds(owner, 'relationships', h, own) },
    };
    members.set(h, { plural: 'relationships', entity: whole, where });
  }
  if (problems.length > 0) return { problems };
  return { parts: [...[...known.values()].map(({ part }) => part), ...members.values()], same };
}

interface Thing {
  readonly part: Part;
  readonly said: Entity;
  readonly key: string;
}

/** One end of a relationship: what it is called in the bundle, and what it is, whatever it is called. */
interface End {
  readonly id: string;
  readonly key: string;
}

interface Relation {
  readonly type: string;
  readonly source: End;
  readonly target: End;
  readonly entity: Entity;
  readonly where: string;
}

function byKind(a: Draft, b: Draft): number {
  return PLURALS.indexOf(a.plural) - PLURALS.indexOf(b.plural);
}

function unsaidIn({ source, tlp }: Entity, options: BuildOptions): Unsaid {
  return {
    now: options.now,
    source: typeof source === 'string' ? source : options.source,
    tlp: tlp ?? (options.tlp satisfies Tlp),
  };
}

/** Where nothing is said, an incident was opened when the first thing in it was seen; so the same file has the same incident. */
function openedWith(draft: Draft, drafts: readonly Draft[]): Draft {
  const time = draft.entity.incident_time as { opened?: string } | undefined;
  if (time?.opened !== undefined) return draft;
  const seen = drafts
    .filter(({ plural }) => plural === 'sightings')
    .map(({ entity }) => (entity.observed_time as { start_time: string }).start_time)
    .sort()[0];
  if (seen === undefined) return draft;
  return { ...draft, entity: { ...draft.entity, incident_time: { opened: seen, ...time } } };
}

function relate({ entity, where }: Draft, labels: Map<string, Thing>, problems: FileProblem[]): Relation | undefined {
  const {
    relationship_type: type,
    source_ref: from,
    target_ref: to,
    ...rest
  } = entity as Entity & Record<string, string>;
  const source = endOf(String(from), labels);
  const target = endOf(String(to), labels);
  for (const [field, end, text] of [
    ['source_ref', source, from],
    ['target_ref', target, to],
  ] as const) {
    if (end === undefined)
      problems.push({
        where: `${where}.${field}`,
        message: `"${text}" is nothing of this file, and no whole id of CTIA (https://…/ctia/sighting/sighting-…)`,
      });
  }
  // A feed lists whatever is `element-of` its indicator: only a sync may say that, of an indicator that is there.
  if (type === 'element-of' && target !== undefined && !isTransient(target.id))
    problems.push({
      where,
      message: `element-of ${target.id} would publish it in the feeds of that indicator: put the value on a list (or: ctim-feeds add), or write based-on`,
    });
  return source && target && { type: String(type), source, target, entity: rest as Entity, where };
}

function endOf(text: string, labels: Map<string, Thing>): End | undefined {
  const thing = labels.get(text);
  if (thing !== undefined) return endTo(thing);
  return /^https?:\/\/\S+\/ctia\/[a-z-]+\/[^/]+$/.test(text) && pluralOf(text) !== undefined
    ? { id: text, key: text }
    : undefined;
}

function endTo({ part, key }: Thing): End {
  return { id: part.entity.id, key };
}

const BELONGING: readonly Plural[] = ['sightings', 'judgements', 'indicators'];

function impliedBy(incident: Draft, things: readonly Thing[], said: readonly Relation[]): Relation[] {
  const root = things.find(({ part }) => part.plural === 'incidents');
  if (root === undefined) return [];
  const target = endTo(root);
  const related = new Set(said.filter((it) => it.target.id === target.id).map(({ source }) => source.id));
  return things
    .filter(({ part }) => BELONGING.includes(part.plural) && !related.has(part.entity.id))
    .map((thing) => ({
      type: thing.part.plural === 'sightings' ? MEMBER_OF : RELATED_TO,
      source: endTo(thing),
      target,
      entity: {},
      where: `${thing.part.where} (in ${incident.where})`,
    }));
}

/** An import puts real ids into relationships alone; elsewhere a transient one would stay as it is. */
function strayTransients(entity: Entity, where: string): FileProblem[] {
  const problems: FileProblem[] = [];
  const walk = (value: unknown, path: string): void => {
    if (typeof value === 'string' && isTransient(value))
      problems.push({
        where: `${where}.${path}`,
        message: `${value} would stay as it is: only a relationship may point at what has no id yet`,
      });
    else if (typeof value === 'object' && value !== null)
      for (const [key, item] of Object.entries(value)) walk(item, path === '' ? key : `${path}.${key}`);
  };
  const { id: _, external_ids: _ids, asset_ref: _asset, ...rest } = entity;
  walk(rest, '');
  return problems;
}
