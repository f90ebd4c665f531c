import type { Answered, Call } from './caller.ts';
import type { Chance } from './chance.ts';
import { asItIs, type Foreign } from './foreign.ts';
import { ANOTHER_ORG, type World } from './world.ts';

/** What a person with a console, or another program, did to what is ours. */
export interface Meddled {
  readonly told: string;
  /** What is not ours any more by it. */
  readonly foreign: readonly Foreign[];
  /** Whose end is another one by it. */
  readonly endless: readonly string[];
}

// biome-ignore lint/suspicious/noExplicitAny: documents as the server gives them
type Json = any;

const NOTHING: Meddled = { told: 'somebody finds nothing of ours', foreign: [], endless: [] };

/**
 * `excuse` is told before it happens which values it may take out of feeds: until the next verified run nobody is to blame
 * for their absence. What an entry names with `adopt:` stays ours to write, whoever drops our marks: `isNamed`.
 */
export async function meddle(
  { colleague, now }: Pick<World, 'colleague' | 'now'>,
  chance: Chance,
  excuse: (values: readonly string[]) => void,
  isNamed: (id: string) => boolean = () => false,
): Promise<Meddled> {
  const judgements = await oursOf(colleague, 'judgement');
  const ids = new Set(judgements.map(({ id }) => id));
  const links = (await oursOf(colleague, 'relationship')).filter((it) => ids.has(it.source_ref));
  const lasting = judgements.filter((it) => isLasting(it) && !isNamed(it.id));
  if (lasting.length === 0 || links.length === 0) return NOTHING;
  const judgement = chance.pick(lasting);
  const link = chance.pick(links);
  const valueAt = (id: string): string[] => judgements.filter((it) => it.id === id).map((it) => it.observable.value);
  const put = (edit: object, edited = judgement) =>
    colleague('PUT', '/ctia/bulk?wait_for=true', { judgements: [{ ...edited, ...edit }] });
  const putLink = (edit: object) => colleague('PUT', `${pathOf(link)}?wait_for=true`, { ...link, ...edit });
  const span = (start: string, end: string) => put({ valid_time: { start_time: start, end_time: end } });
  const endless = { valid_time: { start_time: '2026-01-01', end_time: '2525-01-01' } };
  const runningOut =
    judgements.find((it) => it.source === 'trial' && Date.parse(it.valid_time.end_time) > now()) ?? judgement;
  const begun = { ...runningOut.valid_time, end_time: '2525-01-01' };
  const ofIt = [judgement.observable.value];

  const deeds: [told: string, takenOut: readonly string[], deed: () => Promise<Answered>][] = [
    ['deletes a judgement', ofIt, () => colleague('DELETE', `${pathOf(judgement)}?wait_for=true`)],
    ['deletes a link', valueAt(link.source_ref), () => colleague('DELETE', `${pathOf(link)}?wait_for=true`)],
    [
      'cleans up relationships',
      links.slice(0, 6).flatMap((it) => valueAt(it.source_ref)),
      () => colleague('DELETE', '/ctia/bulk?wait_for=true', { relationships: links.slice(0, 6).map(({ id }) => id) }),
    ],
    ['expires a judgement', ofIt, () => colleague('POST', `${pathOf(judgement)}/expire?reason=tidy`, undefined)],
    ['moves a link', valueAt(link.source_ref), () => putLink({ target_ref: ELSEWHERE })],
    ['retypes a link', valueAt(link.source_ref), () => putLink({ relationship_type: 'based-on' })],
    ['rewords a judgement', [], () => put({ reason: 'edited', priority: 1 })],
    ['revalues a judgement', ofIt, () => put({ observable: { type: 'ip', value: '8.8.8.8' } })],
    ['ends a judgement', ofIt, () => span('2026-01-01', '2026-01-02')],
    ['postpones a judgement', ofIt, () => span('2030-01-01', '2030-01-02')],
    ['makes a judgement endless', [], () => put(endless)],
    // Its start tells when it is to run out; of one whose start is changed too nobody knows.
    [`makes ${runningOut.observable.value} endless`, [], () => put({ valid_time: begun }, runningOut)],
    ['drops our marks', ofIt, () => put({ external_ids: [] })],
    ['copies a judgement and its link', [], () => copyPair(colleague, judgement, links)],
  ];
  const [told, takenOut, deed] = chance.pick(deeds);
  excuse(takenOut);
  const { status, text } = await deed();
  if (status >= 300) throw new Error(`somebody ${told}: ${status} ${text}`);
  const foreign = told === 'drops our marks' ? [await asItIs('without our marks', judgement.id, colleague)] : [];
  const endlessNow = told.endsWith(' endless') ? [judgement.observable.value, runningOut.observable.value] : [];
  return {
    told: `somebody ${told}: ${judgement.observable.value}, ${link.id.slice(-8)}`,
    foreign,
    endless: endlessNow,
  };
}

const ELSEWHERE = 'http://127.0.0.1/ctia/indicator/indicator-00000000-0000-4000-8000-000000000000';

/**
 * What was done by hand stands nowhere else: who deletes that has taken it back, and nothing is there to compare with. What
 * runs out once and is deleted begins anew, when only the product knows.
 */
function isLasting({ source }: Json): boolean {
  return !String(source).startsWith('adhoc-') && source !== 'trial';
}

/** As from a backup: the same ids once more, of which the server keeps as many as it is given. */
async function copyPair(by: Call, judgement: Json, links: readonly Json[]): Promise<Answered> {
  const { id: _, ...copy } = judgement;
  const copied = await by('POST', '/ctia/judgement?wait_for=true', copy);
  for (const { id: __, ...link } of links.filter((it) => it.source_ref === judgement.id))
    await by('POST', '/ctia/relationship?wait_for=true', { ...link, source_ref: copied.json.id });
  return copied;
}

export async function oursOf(by: Call, kind: string, sorted = true): Promise<Json[]> {
  const { json } = await by('GET', `/ctia/${kind}/external_id/acme-owned?limit=5000${sorted ? '&sort_by=id' : ''}`);
  return json.filter(
    ({ external_ids: ids, groups }: Json) => ids.includes('acme-owned') && !groups.includes(ANOTHER_ORG),
  );
}

export function pathOf({ id }: { id: string }): string {
  return new URL(id).pathname;
}
