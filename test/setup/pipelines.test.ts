import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parse } from 'yaml';
import { checkEnded, type Ended, folderWith, writeFiles } from '../cli/ctim-feeds-process.ts';
import { PASSWORD, remoteCtia } from '../cli/remote-ctia.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const SCRIPT = join(ROOT, 'ci', 'ctim-feeds.sh');
const COMMENT = join(ROOT, 'ci', 'comment.mjs');
const TOKEN = 'ghs_hunter2hunter2';
const SETTINGS = 'owner: acme\n';
const LIST = 'action: block\nobservables:\n  - 11.0.0.1\n  - 11.0.0.2\n';

const { env: TENANT } = await remoteCtia();

function step(t: TestContext, cwd: string, args: string[], env: Record<string, string> = {}): Promise<Ended> {
  const child = spawn('sh', [SCRIPT, ...args], { cwd, env: { PATH: process.env.PATH ?? '', HOME: cwd, ...env } });
  t.after(() => child.kill('SIGKILL'));
  return ended(child);
}

async function ended(child: ChildProcessWithoutNullStreams): Promise<Ended> {
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const [exit, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  assert.ok(!`${stdout}${stderr}`.includes(TOKEN) && !`${stdout}${stderr}`.includes(PASSWORD), 'no secret is printed');
  return { exit, signal, stdout, stderr };
}

interface Comment {
  id: number;
  body: string;
  by: string;
}

/** As much of both forges as comments need. */
async function forge(t: TestContext, comments: Comment[]) {
  const asked: string[] = [];
  let status = 200;
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://forge');
    asked.push(`${request.method} ${pathname}`);
    const shaped = ({ id, body, by }: Comment) => ({ id, body, user: { login: by }, author: { id: by } });
    const answer = (json: unknown) => response.end(JSON.stringify(json));
    response.statusCode =
      request.headers.authorization === `Bearer ${TOKEN}` || request.headers['private-token'] === TOKEN ? status : 401;
    if (response.statusCode !== 200) return answer({ message: TOKEN });
    if (pathname === '/api/user') return answer({ id: 'us' });
    const page = Number(searchParams.get('page'));
    if (request.method === 'GET') return answer(comments.slice((page - 1) * 100, page * 100).map(shaped));
    const { body } = JSON.parse(text);
    if (request.method === 'POST') comments.push({ id: 1000 + comments.length, body, by: 'us' });
    else for (const it of comments) if (pathname.endsWith(`/${it.id}`)) it.body = body;
    return answer({});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as { port: number };
  const url = `http://127.0.0.1:${port}/api`;
  return {
    asked,
    answers(code: number) {
      status = code;
    },
    github: {
      ...{ GITHUB_TOKEN: TOKEN, GITHUB_API_URL: url, GITHUB_REPOSITORY: 'acme/lists', PULL_REQUEST: '7' },
      COMMENT_AUTHOR: 'us',
    },
    gitlab: {
      ...{ GITLAB_CI: 'true', GITLAB_TOKEN: TOKEN, CI_API_V4_URL: url, CI_PROJECT_ID: '3', CI_MERGE_REQUEST_IID: '7' },
    },
  };
}

test('a plan is one comment: made, then updated; what others wrote with our mark is not touched', async (t) => {
  const folder = folderWith(t, { 'feeds/tor.yaml': LIST, 'feeds/settings.yaml': SETTINGS });
  // A hundred and one comments, so that ours would be on the second page; one of them bears our mark.
  const others = Array.from({ length: 101 }, (_, id) => ({ id, body: 'LGTM', by: 'them' }));
  const comments: Comment[] = [...others, { id: 500, body: '<!-- ctim-feeds plan -->\nall is well', by: 'them' }];
  const { github, asked } = await forge(t, comments);
  const summary = join(folder, 'summary.md');
  const env = { ...TENANT, ...github, GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: summary };

  const first = checkEnded(await step(t, folder, ['plan'], env), 0);
  assert.match(first.stdout, /^ctim-feeds: the plan is a new comment$/m);
  assert.equal(comments.length, 103);
  assert.match(comments[102]?.body ?? '', /^<!-- ctim-feeds plan -->\n### ctim-feeds: 2 enter, 0 leave \(held\)\n/);
  assert.match(readFileSync(summary, 'utf8'), /### ctim-feeds: 2 enter/);

  writeFiles(folder, { 'feeds/tor.yaml': `${LIST}  - 11.0.0.3\n  - 1.2.3\n` });
  const second = checkEnded(await step(t, folder, ['plan'], env), 1);
  assert.match(second.stdout, /^ctim-feeds: the plan is in the comment that was there$/m);
  assert.equal(comments.length, 103);
  assert.match(comments[102]?.body ?? '', /feeds\/tor\.yaml:6 error .*1\.2\.3/);
  assert.match(comments[101]?.body ?? '', /all is well/);
  assert.deepEqual(
    asked.map((it) => it.replace(/.*?(GET|POST|PATCH) \/api\/repos\/acme\/lists\/issues\//, '$1 ')),
    ['GET 7/comments', 'GET 7/comments', 'POST 7/comments', 'GET 7/comments', 'GET 7/comments', 'PATCH comments/1102'],
  );
});

async function comment(t: TestContext, text: string, env: Record<string, string>): Promise<Ended> {
  const folder = folderWith(t, { 'plan.md': text });
  return ended(spawn(process.execPath, [COMMENT, join(folder, 'plan.md')], { cwd: folder, env }));
}

test('GitLab: the same, with the notes of a merge request', async (t) => {
  const comments: Comment[] = [{ id: 1, body: '<!-- ctim-feeds plan -->\nall is well', by: 'them' }];
  const { gitlab, asked } = await forge(t, comments);
  for (const text of ['one', 'two', 'two']) checkEnded(await comment(t, text, gitlab), 0);
  assert.deepEqual(
    comments.map(({ body }) => body.split('\n')[1]),
    ['all is well', 'two'],
  );
  const notes = '/api/projects/3/merge_requests/7/notes';
  const read = ['GET /api/user', `GET ${notes}`];
  assert.deepEqual(asked, [...read, `POST ${notes}`, ...read, `PUT ${notes}/1001`, ...read]);
});

test('a comment that cannot be made says why, without what it was told; nothing that is no number gets into a URL', async (t) => {
  const { github, answers, asked } = await forge(t, []);
  answers(403);
  const denied = checkEnded(await comment(t, 'plan', github), 4);
  assert.match(denied.stderr, /no comment: GET \/api\/repos\S+ answered 403 \(may its token write comments\?\)/);
  asked.length = 0;
  const hostile = { ...github, PULL_REQUEST: '7/../../other; touch pwned' };
  assert.match(checkEnded(await comment(t, 'plan', hostile), 4).stderr, /PULL_REQUEST has not the form/);
  assert.deepEqual(asked, []);
});

test('where no secrets are given there is no plan, and never an embedded server in the place of the tenant', async (t) => {
  const folder = folderWith(t, { 'feeds/tor.yaml': LIST, 'feeds/settings.yaml': SETTINGS });
  const secretless = { ...TENANT, CTIA_CLIENT_ID: '', CTIA_CLIENT_PASSWORD: '' };
  assert.match(checkEnded(await step(t, folder, ['plan'], secretless), 0).stdout, /no plan: CTIA_CLIENT_ID is not set/);
  checkEnded(await step(t, folder, ['apply'], secretless), 2);
});

test('check needs no secret, and a list cannot speak to GitHub', async (t) => {
  const hostile = 'action: block\nobservables:\n  - "::set-output name=x::y"\n';
  const folder = folderWith(t, { 'feeds/tor.yaml': hostile, 'feeds/::warning::x.yaml': LIST });
  const { stdout } = checkEnded(await step(t, folder, ['check'], { GITHUB_ACTIONS: 'true' }), 1);
  const lines = stdout.trim().split('\n');
  const word = /^::stop-commands::([0-9a-f-]{36})$/.exec(lines[0] ?? '')?.[1];
  assert.ok(word, stdout);
  assert.equal(lines.at(-1), `::${word}::`);
  assert.match(stdout, /feeds\/tor\.yaml:3:5 error/);
});

test('apply: first contact is held, and a digest approves it; what is no digest is refused', async (t) => {
  const folder = folderWith(t, { 'feeds/tor.yaml': LIST, 'feeds/settings.yaml': 'owner: pipeline\n' });
  const held = checkEnded(await step(t, folder, ['apply'], TENANT), 3);
  assert.match(held.stderr, /run this job again with its digest/);
  const [, digest = ''] = /--digest ([0-9a-f]{16})/.exec(held.stdout) ?? [];
  for (const no of ['--force', 'abc; touch pwned', '$(touch pwned)'])
    checkEnded(await step(t, folder, ['apply'], { ...TENANT, CTIM_FEEDS_DIGEST: no }), 2);
  assert.equal(existsSync(join(folder, 'pwned')), false);
  const applied = checkEnded(await step(t, folder, ['apply'], { ...TENANT, CTIM_FEEDS_DIGEST: digest }), 0);
  assert.match(applied.stdout, /verified/);
});

test('the hook stops a commit of a broken list', async (t) => {
  const [hook] = parse(readFileSync(join(ROOT, '.pre-commit-hooks.yaml'), 'utf8'));
  assert.equal(hook.entry, 'ci/ctim-feeds.sh pre-commit');
  assert.deepEqual(
    [hook.always_run, hook.files],
    [true, undefined],
    'also for a .csv, and for a file that was deleted',
  );
  const folder = folderWith(t, { 'lists/tor.yaml': 'action: block\nobservables: [1.2.3]\n' });
  assert.match(checkEnded(await step(t, folder, ['pre-commit', 'lists']), 1).stdout, /lists\/tor\.yaml:2:15/);
  writeFiles(folder, { 'lists/tor.yaml': LIST });
  checkEnded(await step(t, folder, ['pre-commit', 'lists']), 0);
});

interface Job {
  if?: string;
  permissions?: Record<string, string>;
  steps: { run?: string; uses?: string; env?: Record<string, string>; with?: Record<string, unknown> }[];
}

test('the workflow: no word of others in a command, secrets only where no fork comes', () => {
  const workflow = parse(readFileSync(join(ROOT, '.github', 'workflows', 'ctim-feeds.yml'), 'utf8'));
  assert.deepEqual(Object.keys(workflow.on), ['workflow_call'], 'never pull_request_target');
  const jobs = workflow.jobs as Record<string, Job>;
  assert.deepEqual(Object.keys(jobs), ['check', 'plan', 'apply']);
  for (const [name, { steps, permissions }] of Object.entries(jobs)) {
    const runs = steps.filter(({ run }) => run !== undefined);
    assert.deepEqual(
      runs.map(({ run }) => run),
      [`.ctim-feeds/ci/ctim-feeds.sh ${name}`],
    );
    assert.equal(JSON.stringify(steps).includes('secrets.'), name !== 'check', name);
    assert.deepEqual(permissions, name === 'plan' ? { contents: 'read', 'pull-requests': 'write' } : undefined);
    for (const { uses, with: input } of steps.filter((it) => it.uses?.startsWith('actions/checkout')))
      assert.equal(input?.['persist-credentials'], false, uses);
    for (const text of Object.values(runs[0]?.env ?? {}))
      assert.doesNotMatch(text, /head_ref|head\.ref|title|body|github\.actor/);
  }
  assert.deepEqual(workflow.permissions, { contents: 'read' });
  assert.match(jobs.plan?.if ?? '', /head\.repo\.full_name == github\.repository/);
  assert.match(jobs.apply?.if ?? '', /event_name == 'push'.*default_branch/s);
});

test('the GitLab jobs: check for all, plan for merge requests of the project itself, apply on its default branch', () => {
  const jobs = parse(readFileSync(join(ROOT, 'ci', 'gitlab.yml'), 'utf8'));
  const rules = (name: string) => JSON.stringify(jobs[`ctim-feeds-${name}`].rules);
  assert.match(rules('plan'), /\$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == \$CI_PROJECT_ID/);
  assert.match(rules('apply'), /^\[\{"if":"\$CI_COMMIT_BRANCH == \$CI_DEFAULT_BRANCH"\}\]$/);
  for (const name of ['check', 'plan', 'apply'])
    assert.deepEqual(jobs[`ctim-feeds-${name}`].script, [`sh /app/ci/ctim-feeds.sh ${name}`]);
});
