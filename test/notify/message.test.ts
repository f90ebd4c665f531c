import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bodyFor, type Message } from '../../src/notify/message.ts';
import { readNotifyTargets } from '../../src/runtime/notify-targets.ts';

const HELD: Message = {
  state: 'raised',
  condition: { kind: 'held', about: 'over-limits', text: 'firewall-block would lose 12 of 20: <b>--force</b> & go' },
  owner: 'acme',
  tenant: 'https://ctia.example (org)',
  since: '2026-11-25T10:00:00.000Z',
  at: '2026-11-25T10:00:00.000Z',
};

test('JSON says everything apart, so that a program need not read prose', () => {
  assert.deepEqual(bodyFor('json', HELD), {
    v: 1,
    state: 'raised',
    kind: 'held',
    about: 'over-limits',
    title: 'a plan is held',
    text: 'firewall-block would lose 12 of 20: <b>--force</b> & go',
    owner: 'acme',
    tenant: 'https://ctia.example (org)',
    since: '2026-11-25T10:00:00.000Z',
    at: '2026-11-25T10:00:00.000Z',
  });
});

test('in a chat nothing of a message is a link or a control character', () => {
  const condition = {
    ...HELD.condition,
    text: 'http://evil.example/x <!channel> & bad.example.com in feeds/a.yaml:12',
  };
  const slack = String(bodyFor('slack', { ...HELD, condition }).text);
  assert.match(
    slack,
    /hxxp:\/\/evil\[\.\]example\/x &lt;!channel&gt; &amp; bad\[\.\]example\[\.\]com in feeds\/a\.yaml:12/,
  );
  const webex = String(bodyFor('webex', { ...HELD, condition }).text);
  assert.match(webex, /^\[acme at hxxps:.*\] a plan is held\nhxxp:\/\/evil\[\.\]example\/x <!channel>/);
});

test('what is over says so, and since when it was', () => {
  const { text } = bodyFor('webex', { ...HELD, state: 'over' });
  assert.match(String(text), /over: a plan is held, since 2026-11-25T10:00/);
});

test('a message of any length fits into a chat', () => {
  const condition = { ...HELD.condition, text: 'x'.repeat(100_000) };
  assert(String(bodyFor('slack', { ...HELD, condition }).text).length < 2100);
});

test('NOTIFY_URLS: the host tells the format, or the word before it; a wrong one is named by its number alone', () => {
  const problems: string[] = [];
  const targets = readNotifyTargets(
    'https://hooks.slack.com/services/T/B/s3cret, json+http://10.0.0.7:8080/x webex+https://proxy.example/y,https://webexapis.com/v1/webhooks/incoming/s',
    problems,
  );
  assert.deepEqual(
    targets.map(({ format }) => format),
    ['slack', 'json', 'webex', 'webex'],
  );
  assert.deepEqual(problems, []);
  assert.deepEqual(readNotifyTargets('ftp://s3cret.example, teams+https://s3cret.example', problems), []);
  assert.equal(problems.length, 2);
  assert(!problems.join().includes('s3cret'));
});
