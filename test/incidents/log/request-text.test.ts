// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are what was sent
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Field, stagesOf } from '../../../src/incidents/log/request-text.ts';

function checkStages(sent: string, stages: readonly string[], field: Field = 'query'): void {
  assert.deepEqual(stagesOf(sent, field).split('\n'), stages, sent);
}

test('a text without a disguise is one stage, in lower case', () => {
  checkStages('ID=42&Sort=price', ['id=42&sort=price']);
  checkStages('/Shop/Item', ['/shop/item'], 'path');
});

test('percent signs are undone until nothing is left, four times at most', () => {
  checkStages('a=%2e%2E', ['a=%2e%2e', 'a=..']);
  checkStages('a=%252e', ['a=%252e', 'a=%2e', 'a=.']);
  checkStages('a=%25252525252e', ['a=%25252525252e', 'a=%252525252e', 'a=%2525252e', 'a=%25252e', 'a=%252e']);
  checkStages('a=%u002e%zz%2', ['a=%u002e%zz%2', 'a=.%zz%2']);
});

test('a plus sign is a blank in a query and a plus sign in a path', () => {
  checkStages('a=1+2', ['a=1+2', 'a=1 2']);
  checkStages('/c++', ['/c++'], 'path');
});

test('overlong UTF-8 is what it stands for, also of raw bytes, and Latin-1 is no mistake', () => {
  for (const dot of ['%c0%ae', '%e0%80%ae', '%f0%80%80%ae', '%c0%2e', '\xc0\xae']) {
    assert.equal(stagesOf(`a=${dot}`, 'query').split('\n').at(-1), 'a=.', dot);
  }
  assert.equal(stagesOf('a=caf%e9', 'query').split('\n').at(-1), 'a=café');
  assert.equal(stagesOf('a=caf%c3%a9', 'query').split('\n').at(-1), 'a=café');
});

test('full-width signs, look-alikes, entities, escapes of scripts, blanks and null bytes are folded', () => {
  const cases = [
    ['%ef%bc%9cscript', '<script'],
    ['..%u2215etc', '../etc'],
    ['&#x3c;a&#62;&lt;b&colon;', '<a><b:'],
    ['\\x3ca\\u003e\\u{3c}', '<a><'],
    ['un%00ion%09%0aselect', 'union select'],
    ['cat${IFS}x$IFS$9y', 'cat x y'],
  ] as const;
  for (const [sent, folded] of cases) assert.equal(stagesOf(sent, 'query').split('\n').at(-1), folded, sent);
});

test('comments of SQL are once left out and once opened, since either may be the attack', () => {
  checkStages('union/*x*/select', ['union/*x*/select', 'union select', 'union x select']);
  checkStages('/*!50000union*/ select', ['/*!50000union*/ select', ' union select']);
  checkStages('a/*open', ['a/*open', 'a open']);
});

test('lookups of log4j are resolved from the innermost', () => {
  const last = (sent: string) => stagesOf(sent, 'user_agent').split('\n').at(-1);
  assert.equal(last('${${lower:J}${::-n}${env:NO:-d}i:${upper:l}dap://x}'), '${jndi:ldap://x}');
  assert.equal(last('${${${lower:l}ower:j}ndi:x}'), '${jndi:x}');
});

test('a line feed is seen as its picture, and stages never hold one', () => {
  assert.deepEqual(stagesOf('a%0acat', 'query').split('\n'), ['a%0acat', 'a\u2424cat', 'a cat']);
});

test('a text of the longest kind costs milliseconds, whatever it is made of', () => {
  const before = process.cpuUsage();
  for (const part of ['%25', '${${', '/*', '&#', '\\u', '%c0', '\ufdfa', '${::-', '++', '%u'])
    stagesOf(part.repeat((64 * 1024) / part.length), 'query');
  const { user, system } = process.cpuUsage(before);
  assert.ok(user + system < 3_000_000, `${user + system} µs`);
});
