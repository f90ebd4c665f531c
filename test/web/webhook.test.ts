import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { silentLog } from '../../src/runtime/log.ts';
import { startWebhook } from '../../src/web/webhook.ts';

const SECRET = 'sixteen-or-more-characters';
const BODY = '{"ref":"refs/heads/main"}';

async function heard(t: TestContext) {
  let pushes = 0;
  const onPush = async () => {
    pushes += 1;
  };
  const webhook = await startWebhook({ host: '127.0.0.1', port: 0, secret: SECRET, onPush, log: silentLog });
  t.after(() => webhook.close());
  const send = async (headers: Record<string, string>, body = BODY) => {
    const answer = await fetch(webhook.url, { method: 'POST', headers, body });
    return { status: answer.status, text: await answer.text() };
  };
  return { send, pushes: () => pushes, url: webhook.url };
}

const signed = (body = BODY, secret = SECRET) => `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;

const BELIEVED: readonly [string, Record<string, string>][] = [
  ['GitHub', { 'X-GitHub-Event': 'push', 'X-Hub-Signature-256': signed(), 'Content-Type': 'application/json' }],
  [
    'GitHub, as a form',
    { 'X-GitHub-Event': 'push', 'X-Hub-Signature-256': signed(), 'Content-Type': 'application/x-www-form-urlencoded' },
  ],
  ['GitLab', { 'X-Gitlab-Event': 'Push Hook', 'X-Gitlab-Token': SECRET, 'Content-Type': 'application/json' }],
  ['anybody with an HMAC', { 'X-Signature-256': signed() }],
];
for (const [name, headers] of BELIEVED) {
  test(`webhook: a push of ${name} is heard`, async (t) => {
    const { send, pushes } = await heard(t);
    assert.equal((await send(headers)).status, 202);
    assert.equal(pushes(), 1);
  });
}

const REFUSED: readonly [string, Record<string, string>, RegExp][] = [
  ['without a signature', { 'X-GitHub-Event': 'push' }, /there is no signature/],
  ['signed with another secret', { 'X-Hub-Signature-256': signed(BODY, 'another-secret-of-16') }, /of github is wrong/],
  ['signed over another body', { 'X-Hub-Signature-256': signed('{}') }, /of github is wrong/],
  [
    'with a signature cut short',
    { 'X-Signature-256': signed().slice(0, 20) },
    /of generic is wrong: .*; expected is sha256= and 64 digits/,
  ],
  ['with an empty token', { 'X-Gitlab-Token': '' }, /of gitlab is wrong/],
  [
    'with one right and one wrong proof',
    { 'X-Gitlab-Token': SECRET, 'X-Signature-256': 'sha256=00' },
    /of generic is wrong/,
  ],
];
for (const [name, headers, says] of REFUSED) {
  test(`webhook: a push ${name} is refused, and the answer tells no secret`, async (t) => {
    const { send, pushes } = await heard(t);
    const { status, text } = await send(headers);
    assert.equal(status, 401);
    assert.match(text, says);
    assert.ok(!text.includes(SECRET));
    assert.equal(pushes(), 0);
  });
}

test('webhook: what is no push is acknowledged and does nothing, and nothing else is served', async (t) => {
  const { send, pushes, url } = await heard(t);
  assert.deepEqual(await send({ 'X-GitHub-Event': 'ping', 'X-Hub-Signature-256': signed() }), {
    status: 200,
    text: '{"ignored":"ping"}',
  });
  assert.equal(pushes(), 0);
  assert.equal((await fetch(url)).status, 404);
});
