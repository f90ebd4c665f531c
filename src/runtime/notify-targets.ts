/** Where messages go. The address of a webhook is its secret: it is kept in memory, and shown by its host alone. */
export interface NotifyTarget {
  readonly format: NotifyFormat;
  readonly url: string;
}

export type NotifyFormat = (typeof FORMATS)[number];

const FORMATS = ['json', 'slack', 'webex'] as const;

/** Whose webhooks these are, so that nobody need say it. */
const FORMAT_OF_HOST: Readonly<Record<string, NotifyFormat>> = {
  'hooks.slack.com': 'slack',
  'hooks.slack-gov.com': 'slack',
  'webexapis.com': 'webex',
  'api.ciscospark.com': 'webex',
};

/** Of `NOTIFY_URLS`: addresses between commas or blanks, each with its format before it where its host does not tell: `slack+https://…`. */
export function readNotifyTargets(text: string | undefined, problems: string[]): NotifyTarget[] {
  const targets: NotifyTarget[] = [];
  for (const [n, part] of (text ?? '')
    .split(/[\s,]+/)
    .filter(Boolean)
    .entries()) {
    const [, word, address = ''] = /^(?:([a-z]+)\+)?(.*)$/i.exec(part) ?? [];
    const url = urlOf(address);
    const format = word === undefined ? FORMAT_OF_HOST[url?.hostname ?? ''] : FORMATS.find((known) => known === word);
    if (url === undefined || (word !== undefined && format === undefined)) {
      // The address itself is a secret, and not repeated.
      problems.push(
        `number ${n + 1} of NOTIFY_URLS is no address; expected https://…, or with its format before it: ${FORMATS.map((known) => `${known}+https://…`).join(', ')}`,
      );
    } else targets.push({ format: format ?? 'json', url: url.href });
  }
  return targets;
}

function urlOf(address: string): URL | undefined {
  try {
    const url = new URL(address);
    return url.protocol === 'https:' || url.protocol === 'http:' ? url : undefined;
  } catch {
    return undefined;
  }
}
