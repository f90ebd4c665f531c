import { createHash } from 'node:crypto';
import type { ListAction } from '../ctim/feed.ts';
import type { Observable } from '../ctim/observable.ts';
import { oneLine } from '../ctim/one-line.ts';

/** What a person blocked or let through by hand, to be looked at by others and kept, or not. */
export interface Adhoc {
  readonly action: ListAction;
  readonly channel: string;
  readonly observable: Observable;
  readonly reason: string;
  readonly ticket?: string | undefined;
  readonly source_uri?: string | undefined;
  /** ISO, to the millisecond. */
  readonly until: string;
  readonly by: string;
}

/**
 * A list of its own for each such value, so that two of them never meet in one file. A list's last day is a whole one: it
 * may end some hours after what it was made of, and never before.
 */
export function adhocList({ action, channel, observable, until, by, ...words }: Adhoc): {
  below: string;
  text: string;
} {
  // JSON is YAML, and so nothing in a value or a reason can be read as anything else.
  const entry = { value: observable.value, type: observable.type, ...words, expires: until.slice(0, 10) };
  const pairs = Object.entries(entry).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}: ${JSON.stringify(value)}`],
  );
  const done = action === 'block' ? 'Blocked' : 'Let through';
  const text = [
    `# ${done} by hand until ${until}, by ${oneLine(by)}.`,
    '# To keep it longer give it another last day; to end it sooner remove this file, and ctim-feeds remove the value.',
    `action: ${action}`,
    `channel: ${channel}`,
    'observables:',
    `  - { ${pairs.join(', ')} }`,
    '',
  ];
  return { below: `adhoc/${adhocName(action, observable)}.yaml`, text: text.join('\n') };
}

const NAME_MAX = 60;

/** `block-203.0.113.7`: good for a file and for a branch; where the value has other characters, with a bit of its digest. */
export function adhocName(action: ListAction, { type, value }: Observable): string {
  const plain = value
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, '-')
    .replace(/\.{2,}/g, '.')
    .slice(0, NAME_MAX)
    .replace(/^[-.]+|[-.]+$/g, '');
  if (plain === value) return `${action}-${plain}`;
  return `${action}-${plain}-${createHash('sha256').update(`${type} ${value}`).digest('hex').slice(0, 8)}`;
}
