import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  barrelFindings,
  deadFindings,
  documentFindings,
  drawerFindings,
  lengthFindings,
  settingFindings,
} from './tidy/files.ts';
import { layerFindings } from './tidy/layers.ts';
import { type Finding, ROOT, readSources, readTracked, type Source } from './tidy/source.ts';
import { machineFindings, wordFindings } from './tidy/words.ts';

const sources = readSources('src');
const tracked = readTracked();

function checkNone(findings: Finding[]) {
  assert.equal(findings.length, 0, `\n${findings.join('\n')}\n`);
}

const PER_FILE: Record<string, (source: Source) => Finding[]> = {
  'each folder imports only what its row of the layer table allows': layerFindings,
  'no banned words': wordFindings,
  'no drawers': drawerFindings,
  'no file too long to read': lengthFindings,
  'no barrels': barrelFindings,
};

for (const [rule, findings] of Object.entries(PER_FILE)) {
  test(`src: ${rule}`, () => checkNone(sources.flatMap(findings)));
}

test('src: no file and no setting that nothing reads', () => {
  checkNone([...deadFindings(sources), ...settingFindings(sources)]);
});

test('test: no drawers', () => checkNone(readSources('test').flatMap(drawerFindings)));

test('tracked files name no machine and no registry', {
  skip: tracked === undefined && 'this is no git checkout',
}, () => {
  checkNone((tracked ?? []).flatMap(machineFindings));
});

for (const name of ['ARCHITECTURE.md', 'README.md', 'docs/HACKING.md']) {
  const written = existsSync(join(ROOT, name));
  test(`every path that ${name} names exists`, { skip: !written && `${name} is not written yet` }, () => {
    const document = { path: name, text: readFileSync(join(ROOT, name), 'utf8') };
    // The keys file is everybody's own and in no checkout.
    checkNone(documentFindings(document, (path) => path === 'keys/ctr_api_keys.txt' || existsSync(join(ROOT, path))));
  });
}

/** A rule that finds nothing may be a rule that looks at nothing: each is shown one violation and one look-alike. */
const PLANTED: { path: string; text: string; rule: (source: Source) => Finding[]; finds?: RegExp }[] = [
  {
    path: 'src/plan/plan.ts',
    text: "import { x } from '../ctia/client.ts';",
    rule: layerFindings,
    finds: /plan\.ts:1 imports ctia\/.*only ctim\)/,
  },
  { path: 'src/plan/plan.ts', text: "import { x } from '../ctim/entry.ts';", rule: layerFindings },
  {
    path: 'src/plan/plan.ts',
    text: "import { readFile } from 'node:fs/promises';",
    rule: layerFindings,
    finds: /plan\/ is pure/,
  },
  {
    path: 'src/embedded-ctia/store.ts',
    text: "\nconst c = await import('../ctia/client.ts');",
    rule: layerFindings,
    finds: /:2 imports ctia\//,
  },
  {
    path: 'src/reconcile/run.ts',
    text: "import axios from 'axios';",
    rule: layerFindings,
    finds: /home is sources or ctia or notify/,
  },
  {
    path: 'src/reconcile/run.ts',
    text: "const { default: axios } = createRequire(import.meta.url)('axios');",
    rule: layerFindings,
    finds: /home is sources or ctia or notify/,
  },
  {
    path: 'src/jobs/a.ts',
    text: "import x from 'left-pad/deep';",
    rule: layerFindings,
    finds: /imports left-pad, whose home is nowhere yet/,
  },
  { path: 'src/web/a.ts', text: "import x from '@fastify/static';", rule: layerFindings },
  { path: 'src/plan/a.ts', text: "kind: 'import', of: 'from' | 'zod'; f('import', 'zod')", rule: layerFindings },
  { path: 'src/tools/a.ts', text: '', rule: layerFindings, finds: /is in no layer/ },
  {
    path: 'src/jobs/a.ts',
    text: 'const a = 1;\nconst t = Date.now();',
    rule: wordFindings,
    finds: /a\.ts:2 says Date\.now\(; use the clock/,
  },
  { path: 'src/jobs/a.ts', text: '// unlike Date.now()\n/* new Date() */ const d = new Date(at);', rule: wordFindings },
  { path: 'src/runtime/clock.ts', text: 'Date.now()', rule: wordFindings },
  { path: 'src/cli/a.ts', text: 'process.env.HOME', rule: wordFindings, finds: /a field of Config/ },
  { path: 'src/cli/a.ts', text: 'console.log(1)', rule: wordFindings },
  {
    path: 'src/web/a.ts',
    text: "const u = 'https://x.example'; console.log(u)",
    rule: wordFindings,
    finds: /the log you were given/,
  },
  { path: 'src/web/a.ts', text: '// TODO later', rule: wordFindings, finds: /number of its issue/ },
  { path: 'src/jobs/utils.ts', text: '', rule: drawerFindings, finds: /"utils", which names no subject/ },
  { path: 'src/common/queue.ts', text: '', rule: drawerFindings, finds: /"common"/ },
  { path: 'src/jobs/common-words.ts', text: '', rule: drawerFindings },
  { path: 'src/jobs/a.ts', text: 'x\n'.repeat(401), rule: lengthFindings, finds: /has 401 lines/ },
  { path: 'src/jobs/a.ts', text: 'x\n'.repeat(400), rule: lengthFindings },
  {
    path: 'src/jobs/a.ts',
    text: "export { a } from './b.ts';",
    rule: barrelFindings,
    finds: /import that file itself/,
  },
  {
    path: 'src/jobs/a.ts',
    text: "export type { A } from './b.ts';",
    rule: barrelFindings,
    finds: /import that file itself/,
  },
  { path: 'src/jobs/a.ts', text: 'export { a };', rule: barrelFindings },
  {
    path: 'docs/a.md',
    text: `see ${['', 'work', 'main', 'x'].join('/')}`,
    rule: machineFindings,
    finds: /a path of one machine/,
  },
  { path: 'docs/a.md', text: 'see https://x.example/work/main and src/work/main', rule: machineFindings },
  {
    path: 'package-lock.json',
    text: `https://${['registry', 'npmjs', 'org'].join('.')}/a`,
    rule: machineFindings,
    finds: /a package registry/,
  },
];

for (const { path, text, rule, finds } of PLANTED) {
  test(`${rule.name} ${finds ? 'finds' : 'allows'} ${path}: ${text.replaceAll('\n', ' ').slice(0, 60).trim()}`, () => {
    assert.match(rule({ path, text }).join('\n'), finds ?? /^$/);
  });
}

test('deadFindings finds a file that nothing names, and only that', () => {
  const files = [
    { path: 'src/main.ts', text: "import './cli/commands.ts';" },
    { path: 'src/cli/commands.ts', text: "new Worker(new URL('../lists/parse-worker.js', import.meta.url))" },
    { path: 'src/lists/parse-worker.ts', text: '' },
    { path: 'src/lists/forgotten.ts', text: "import './forgotten.ts'; // '../lists/forgotten.ts'" },
  ];
  const forgotten = { path: 'src/lists/lost.ts', text: '' };
  assert.deepEqual(deadFindings([...files.slice(0, 3), forgotten]), [
    'src/lists/lost.ts is imported by nothing in src/; use it or delete it',
  ]);
});

test('settingFindings finds a setting that nothing reads', () => {
  const config = {
    path: 'src/runtime/config.ts',
    text: 'export interface Config {\n  feedsDir: string;\n  unread?: number;\n}',
  };
  const main = { path: 'src/main.ts', text: 'open(config.feedsDir)' };
  assert.match(settingFindings([config, main]).join('\n'), /^\S+ has the setting unread/);
});

test('documentFindings finds a path that is gone', () => {
  const document = { path: 'A.md', text: 'The run is `src/reconcile/run.ts`, the rest `src/gone/` and `npm test`.' };
  assert.deepEqual(
    documentFindings(document, (path) => path === 'src/reconcile/run.ts'),
    ['A.md names src/gone/, which does not exist; mend the document'],
  );
});
