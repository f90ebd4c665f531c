import type { StoryKind } from './seeds.ts';

/**
 * Bugs that the simulation must find: a story that nothing can spoil proves nothing. Each is put into a copy of the
 * compiled product by replacing a text that must stand there exactly once, so that a bug whose text is gone is a failure
 * and not a bug that nobody plants any more.
 */
export interface PlantedBug {
  readonly name: string;
  /** Whose story it would spoil. */
  readonly story: StoryKind;
  readonly edits: readonly Edit[];
}

interface Edit {
  /** Below `src/`, as it is compiled. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

export const PLANTED: readonly PlantedBug[] = [
  {
    name: '`exists` taken for success',
    story: 'in process',
    edits: [
      {
        file: 'reconcile/import-pairs.js',
        from: "if (sent && judgement.result === 'created' && link.result === 'created')",
        to: 'if (sent)',
      },
    ],
  },
  {
    name: 'PUT without external ids',
    story: 'in process',
    edits: [
      {
        file: 'reconcile/replace.js',
        from: 'const documents = changes.map((change) => documentFor(context, change));',
        to: 'const documents = changes.map((change) => ({ ...documentFor(context, change), external_ids: [] }));',
      },
    ],
  },
  {
    name: 'withdraw before create',
    story: 'in process',
    edits: [
      {
        file: 'plan/changes.js',
        from: 'CHANGE_ORDER.map((kind) => [kind, []])',
        to: "['withdraw', ...CHANGE_ORDER.filter((kind) => kind !== 'withdraw')].map((kind) => [kind, []])",
      },
    ],
  },
  {
    name: 'end bound off by one: the last day of `expires:` does not count',
    story: 'in process',
    edits: [
      {
        file: 'lists/lifetime.js',
        from: 'const end = begin + DAY - 1;',
        to: 'const end = begin;',
      },
    ],
  },
  {
    name: 'renewal held with the plan',
    story: 'in process',
    edits: [{ file: 'reconcile/renew.js', from: 'if (ending.length === 0)', to: 'if (ending.length >= 0)' }],
  },
  {
    name: 'a page dropped',
    story: 'in process',
    edits: [
      { file: 'ctia/pages.js', from: 'if (next !== undefined) {', to: 'if (next !== undefined && page < 1) {' },
      { file: 'ctia/pages.js', from: 'if (total === seen.size)', to: 'if (total >= seen.size)' },
    ],
  },
  {
    name: 'a lost link is not made again',
    story: 'in process',
    edits: [
      { file: 'plan/changes.js', from: 'if (!linked && !(succession', to: 'if (now < 0 && !linked && !(succession' },
    ],
  },
  {
    name: 'a foreign id matched by prefix',
    story: 'in process',
    edits: [
      {
        file: 'ctim/external-id.js',
        from: 'externalIds?.includes(ownedId(owner)) ?? false',
        to: 'externalIds?.some((id) => id.startsWith(ownedId(owner))) ?? false',
      },
    ],
  },
  {
    name: 'an old commit applied late',
    story: 'in process',
    edits: [
      {
        file: 'plan/safety.js',
        from: "if (standing !== 'older' ||",
        to: "if (standing === 'older' || standing !== 'older' ||",
      },
    ],
  },
  {
    name: 'a digest approves any plan',
    story: 'in process',
    edits: [{ file: 'plan/safety.js', from: 'otherDigest,', to: '' }],
  },
  {
    name: 'a sync undoes what was added by hand',
    story: 'in process',
    edits: [
      {
        file: 'ctim/entry.js',
        from: "RESERVED_LISTS = ['adhoc-block', 'adhoc-allow', ATTACKERS]",
        to: 'RESERVED_LISTS = [ATTACKERS]',
      },
    ],
  },
  {
    name: 'a ledger that is not keyed by tenant',
    story: 'two tenants',
    edits: [
      { file: 'jobs/keys.js', from: `\`ctim-feeds:{\${owner}@\${tenant}}\``, to: `\`ctim-feeds:{\${owner}}\`` },
      { file: 'jobs/ledger.js', from: `\`\${owner}@\${tenant}\``, to: 'owner' },
    ],
  },
];
