import type { ListAction } from '../ctim/feed.ts';
import { MEDIUM_TEXT_MAX, SHORT_TEXT_MAX } from '../ctim/judgement.ts';
import type { Observable } from '../ctim/observable.ts';
import { oneLine } from '../ctim/one-line.ts';
import { normalise } from './normalise.ts';

/** A list for what others made, as text: a person reads it, commits it, and the next sync takes over what it names. */
export interface AdoptEntry {
  readonly observable: Observable;
  readonly reason: string | undefined;
  readonly source: string;
  /** Short ids. */
  readonly adopt: readonly string[];
  /** Feeds of other channels that they are in: out of these too they go when this entry does. */
  readonly also: readonly string[];
}

export interface LeftOut {
  readonly value: string;
  readonly why: string;
  readonly adopt: readonly string[];
}

export function adoptListText(
  head: { readonly name: string; readonly action: ListAction; readonly channel: string },
  entries: readonly AdoptEntry[],
  leftOut: readonly LeftOut[],
): string {
  return [
    '# Judgements that others made and that are in the feeds of this channel. The next sync after this list is committed',
    '# makes them its own, in place: nothing leaves a feed. "adopt:" may be taken out once that is done.',
    `action: ${head.action}`,
    `channel: ${head.channel}`,
    `name: ${JSON.stringify(head.name)}`,
    'observables:',
    ...entries.map(entryLine),
    ...(leftOut.length === 0 ? [] : ['# Left out:']),
    ...leftOut.map(({ value, why, adopt }) => `# ${oneLine(value)}: ${oneLine(why)} (${adopt.join(', ')})`),
    '',
  ].join('\n');
}

function entryLine({ observable: { type, value }, reason, source, adopt, also }: AdoptEntry): string {
  const said = normalise(value);
  const detected = 'observable' in said && said.observable.type === type;
  const pairs = [
    `value: ${JSON.stringify(value)}`,
    ...(detected ? [] : [`type: ${type}`]),
    ...text('reason', reason ?? '', SHORT_TEXT_MAX),
    ...text('source', source, MEDIUM_TEXT_MAX),
    `adopt: ${adopt.length === 1 ? adopt[0] : `[${adopt.join(', ')}]`}`,
  ];
  const elsewhere = also.length === 0 ? '' : ` # ends in ${also.join(', ')} too when this entry goes`;
  return `  - { ${pairs.join(', ')} }${elsewhere}`;
}

/** Cut to what CTIM takes: of what is stored nobody knows who let it through. JSON's quotes are YAML's. */
function text(key: string, value: string, max: number): string[] {
  const cut = oneLine(value)
    .slice(0, max)
    .replace(/[\uD800-\uDBFF]$/, '');
  return cut === '' ? [] : [`${key}: ${JSON.stringify(cut)}`];
}
