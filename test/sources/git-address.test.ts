import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutCredentials } from '../../src/sources/git-address.ts';

const REMOTES: readonly (readonly [string, string | undefined])[] = [
  ['https://github.com/soc/lists.git', 'https://github.com/soc/lists.git'],
  ['https://x-access-token:ghs_secret@github.com/soc/lists.git', 'https://github.com/soc/lists.git'],
  ['https://token@github.com/soc/lists.git?private_token=s#s', 'https://github.com/soc/lists.git'],
  ['git@github.com:soc/lists.git', 'ssh://github.com/soc/lists.git'],
  ['ssh://git@git.partner.com:7999/soc/lists.git', 'ssh://git.partner.com:7999/soc/lists.git'],
  ['/srv/git/lists.git', 'file:///srv/git/lists.git'],
  ['file:///srv/git/lists.git', 'file:///srv/git/lists.git'],
  ['../lists.git', undefined],
];

for (const [remote, expected] of REMOTES) {
  test(`remote ${remote}`, () => assert.equal(withoutCredentials(remote), expected));
}
