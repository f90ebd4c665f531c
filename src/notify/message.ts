import type { NotifyFormat } from '../runtime/notify-targets.ts';
import { type Condition, TITLES } from './condition.ts';

/** What is told of a condition. A plain value: it travels in a job. */
export interface Message {
  /** `test`: somebody wants to see whether messages arrive. */
  readonly state: 'raised' | 'over' | 'test';
  readonly condition: Condition;
  readonly owner: string;
  readonly tenant: string;
  /** ISO; when it was found first. */
  readonly since: string;
  /** ISO; when this was found. */
  readonly at: string;
}

const TEXT_MAX = 2000;

/** The body of the POST; all three take JSON. */
export function bodyFor(format: NotifyFormat, message: Message): Record<string, unknown> {
  switch (format) {
    case 'json':
      return jsonOf(message);
    case 'slack':
      // https://docs.slack.dev/messaging/formatting-message-text: these three are control characters.
      return {
        text: inertLinks(lineOf(message)).replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;'),
        mrkdwn: false,
        unfurl_links: false,
        unfurl_media: false,
      };
    case 'webex':
      return { text: inertLinks(lineOf(message)) };
  }
}

function jsonOf({ state, condition: { kind, about, text }, owner, tenant, since, at }: Message) {
  return { v: 1, state, kind, about, title: TITLES[kind], text, owner, tenant, since, at };
}

function lineOf({ state, condition: { kind, text }, owner, tenant, since }: Message): string {
  const title = state === 'over' ? `over: ${TITLES[kind]}, since ${since}` : TITLES[kind];
  const test = state === 'test' ? 'this is a test: ' : '';
  const line = `[${owner} at ${tenant}] ${test}${title}\n${text}`;
  return line.length > TEXT_MAX ? `${line.slice(0, TEXT_MAX)} …` : line;
}

/** The dot before the last label of a name; files of lists are no names. */
const LAST_DOT = /(?<=[a-z0-9-])\.(?!(?:ya?ml|txt|csv|json|log)\b)(?=[a-z]{2,}(?:[^a-z]|$))/gi;

/** What we talk about may well be malicious: nobody shall follow it by a click, and no preview shall fetch it. */
function inertLinks(text: string): string {
  return text.replace(/\bhttp(s?):\/\//gi, 'hxxp$1://').replace(LAST_DOT, '[.]');
}
