import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultSettings, readSettings } from '../../src/lists/settings.ts';
import { problemsOf, readingOf } from './reading-of.ts';

function titlesOf(text: string, channel: string): string[] {
  const { settings, faults } = readSettings(text);
  assert.deepEqual(faults, []);
  return [...(settings.channels.get(channel)?.titles ?? [])].map(
    ([type, { indicator, feed }]) => `${type}: ${indicator}, ${feed}`,
  );
}

test('without settings: two channels, and Cisco’s own titles for the block channel', () => {
  const { channels, owner, protect, guards } = defaultSettings();
  assert.deepEqual(
    [...channels.values()].map(({ name, action }) => `${name} ${action}`),
    ['firewall-block block', 'firewall-allow allow'],
  );
  assert.deepEqual([owner, protect, guards.documentation], [undefined, [], 'refuse']);
  assert.deepEqual(titlesOf('', 'firewall-block'), [
    'ip: Secure_Firewall_SecureX_Indicator_IPv4, SecureX_Firewall_Private_Feed_IPv4',
    'ipv6: Secure_Firewall_SecureX_Indicator_IPv6, SecureX_Firewall_Private_Feed_IPv6',
    'domain: Secure_Firewall_SecureX_Indicator_Domain, SecureX_Firewall_Private_Feed_Domain',
    'url: Secure_Firewall_SecureX_Indicator_URL, SecureX_Firewall_Private_Feed_URL',
    'sha256: Secure_Firewall_SecureX_Indicator_SHA256, SecureX_Firewall_Private_Feed_SHA256',
  ]);
  assert.equal(
    titlesOf('', 'firewall-allow')[0],
    'ip: CTIM_Feeds_firewall-allow_Indicator_IPv4, CTIM_Feeds_firewall-allow_Feed_IPv4',
  );
});

test('what guards go by: what is not said keeps its default, lists replace the default ones', () => {
  const { settings, faults } = readSettings(`
guards:
  prefix_min: { ip: 12 }
  address_space: { ipv6: 1000 }
  lists: [{ url: "https://lists.corp.icu/ours.txt", kind: cidr, severity: refuse }]
`);
  assert.deepEqual(faults, []);
  assert.deepEqual(settings.guards, {
    documentation: 'refuse',
    prefixMin: { ip: 12, ipv6: 19 },
    addressSpace: { ip: 67_108_864, ipv6: 1000 },
    lists: [{ url: 'https://lists.corp.icu/ours.txt', kind: 'cidr', severity: 'refuse' }],
  });
});

test('presets, templates, types and consumers', () => {
  const text = `
owner: acme
channels:
  tor: { action: block, titles: tor, types: [ip] }
  partner: { action: allow, titles: { indicator: "Partner {type} indicator", feed: "Partner {type}" }, types: [sha256, md5], consumers: [cisco-fmc, panos] }
  firewall-block: { consumers: [fortigate] }
limits: { withdrawals: 100, withdrawals_share: 0.2 }
renew: { every: 15m }
`;
  assert.deepEqual(titlesOf(text, 'tor'), ['ip: TOR_Feed_Indicator_IPv4, XDR_Feed_For_TOR_IPv4']);
  assert.deepEqual(titlesOf(text, 'partner'), [
    'sha256: Partner SHA256 indicator, Partner SHA256',
    'md5: Partner MD5 indicator, Partner MD5',
  ]);
  assert.equal(
    titlesOf(text, 'firewall-block')[0],
    'ip: Secure_Firewall_SecureX_Indicator_IPv4, SecureX_Firewall_Private_Feed_IPv4',
  );
  const { settings } = readSettings(text);
  assert.equal(settings.owner, 'acme');
  assert.deepEqual(settings.limits, { withdrawals: 100, withdrawals_share: 0.2 });
  assert.equal(settings.renewEveryMs, 15 * 60_000);
  assert.deepEqual(
    [...settings.channels.values()].map(({ name, consumers }) => [name, ...consumers]),
    [['firewall-block', 'fortigate'], ['firewall-allow'], ['tor'], ['partner', 'cisco-fmc', 'panos']],
  );
});

const FAULTS: Readonly<Record<string, { text: string; says: RegExp }>> = {
  'an owner with a hyphen': {
    text: 'owner: acme-eu',
    says: /^settings\.yaml:1:8 invalid-key owner is "acme-eu": an owner has/,
  },
  'an unknown key': {
    text: 'chanels: {}',
    says: /^settings\.yaml:1:1 unknown-key "chanels" is no key of the settings; did you mean "channels"\?/,
  },
  'a prefix of all the Internet': {
    text: 'guards: { prefix_min: { ip: 0 } }',
    says: /:1:\d+ invalid-key guards\.prefix_min\.ip is "0": the least is 1/,
  },
  'a guard list that is none': {
    text: 'guards: { lists: [{ url: "file:///etc/passwd", kind: cidr, severity: warn }] }',
    says: /invalid-key guards\.lists\.0\.url .* a URL that begins with https/,
  },
  'an unknown consumer': {
    text: 'channels: { tor: { action: block, consumers: [fcm] } }',
    says: /:1:47 invalid-key consumers\.0 is "fcm": known are cisco-fmc.*plain$/,
  },
  'a consumer that is nearly one': {
    text: 'channels: { tor: { action: block, consumers: [fortigate-7.4] } }',
    says: /invalid-key consumers\.0 is "fortigate-7.4": known are .*; did you mean "fortigate-7.2"\?$/,
  },
  'a limit that is none': {
    text: 'channels: { tor: { action: block, limits: { address_space_ip: /33 } } }',
    says: /invalid-key limits\.address_space_ip is "\/33": from \/0 to \/32$/,
  },
  'a word that cannot be required': {
    text: 'channels: { tor: { action: block, require: [owner] } }',
    says: /invalid-key require\.0 is "owner": what can be required is reason, ticket, source_uri/,
  },
  'a channel without an action': {
    text: 'channels:\n  tor: { types: [ip] }',
    says: /:2:3 missing-key the channel tor needs "action: block"/,
  },
  'a channel with a bad name': {
    text: 'channels:\n  Tor_1: { action: block }',
    says: /:2:3 invalid-key "Tor_1" is no channel name/,
  },
  'the block channel turned round': {
    text: 'channels:\n  firewall-block: { action: allow }',
    says: /:2:3 channel-action the channel firewall-block has the action block/,
  },
  'titles without a type': {
    text: 'channels: { tor: { action: block, titles: { indicator: a, feed: b } } }',
    says: /invalid-key titles/,
  },
  'two channels with one title': {
    text: 'channels: { other: { action: block, titles: 0015a, types: [ip] } }',
    says: /shared-title firewall-block\/ip and other\/ip have one indicator title/,
  },
  'an unknown type': {
    text: 'channels: { tor: { action: block, types: [ipv4] } }',
    says: /invalid-key types\.0 is "ipv4"/,
  },
  'a protected value that is none': {
    text: 'protect: [corp]',
    says: /:1:11 invalid-protect protect: "corp" is no address/,
  },
  'a bare list': { text: '- x', says: /not-settings/ },
  'a period that is none': {
    text: 'renew: { every: hourly }',
    says: /invalid-key renew\.every.*"hourly" is no period/,
  },
  'a share over one': {
    text: 'limits: { withdrawals_share: 20 }',
    says: /invalid-key limits\.withdrawals_share is "20": a number from 0 to 1 is expected, or off/,
  },
};

for (const [name, { text, says }] of Object.entries(FAULTS)) {
  test(`settings: ${name}`, () => {
    const [fault] = readSettings(text).faults;
    assert.ok(fault !== undefined);
    assert.match(`settings.yaml:${fault.line}:${fault.column} ${fault.code} ${fault.message}`, says);
  });
}

test('T21 a list of the other action in a channel is an error that names both', async () => {
  const problems = await problemsOf({
    'ours.yaml': 'action: allow\nchannel: firewall-block\nobservables: [partner.com]\n',
  });
  assert.match(
    problems.join(),
    /^feeds\/ours\.yaml:2:1 error channel-action a list with action allow cannot publish to the channel firewall-block, whose action is block/,
  );
});

test('an unknown channel is told with its nearest', async () => {
  const problems = await problemsOf({ 'tor.yaml': 'action: block\nchannel: firewall-blok\n' });
  assert.match(problems.join(), /there is no channel "firewall-blok"; did you mean "firewall-block"\?/);
});

test('a type is published where the channel declares it', async () => {
  const list = 'action: block\nchannel: hashes\nobservables: [44d88612fea8a8f36de82e1278abb02e, 45.66.35.11]\n';
  const reading = await readingOf({
    'settings.yaml': 'channels: { hashes: { action: block, types: [md5] } }',
    'list.yaml': list,
  });
  assert.deepEqual(reading.lists[0]?.by_type, { md5: 1 });
  assert.deepEqual(
    reading.problems.map(({ code }) => code),
    ['unsupported-type'],
  );
});

test('history.keep: 400 days and more may be kept, less than a day is refused with its place', () => {
  assert.equal(readSettings('history: { keep: 1000d }').settings.historyKeepMs, 1000 * 24 * 60 * 60 * 1000);
  assert.equal(readSettings('').settings.historyKeepMs, undefined);
  const { faults } = readSettings('owner: acme\nhistory: { keep: 2h }\n');
  assert.match(`${faults[0]?.line}: ${faults[0]?.message}`, /^2: keep: "2h" is no time to keep the journal/);
});
