// @ts-check
import { readFileSync } from 'node:fs';

/**
 * `node comment.mjs FILE` puts a plan under its pull request: one comment, found again by a hidden mark and updated. Only
 * one that we wrote ourselves: whoever wrote the mark into theirs could change what reviewers read.
 *
 *   GitHub  GITHUB_TOKEN, GITHUB_API_URL, GITHUB_REPOSITORY, PULL_REQUEST, COMMENT_AUTHOR (default github-actions[bot])
 *   GitLab  GITLAB_TOKEN, CI_API_V4_URL, CI_PROJECT_ID, CI_MERGE_REQUEST_IID
 *
 * PLAN_NAME tells several plans of one pull request apart (two tenants, two folders).
 */
const PAGE = 100;
const PAGES_MAX = 50;

/** @typedef {{ list(page: number): Promise<any[]>, isOurs(comment: any): boolean, update(id: number, body: string): Promise<void>, create(body: string): Promise<void> }} Forge */

try {
  const file = process.argv[2];
  if (file === undefined) throw new Error('usage: node comment.mjs FILE');
  const mark = `<!-- ctim-feeds ${said('PLAN_NAME', /^[a-z0-9-]{1,40}$/, 'plan')} -->`;
  const body = `${mark}\n${readFileSync(file, 'utf8')}`;
  const forge = process.env.GITLAB_CI === 'true' ? await gitlab() : github();
  const before = await find(forge, mark);
  if (before === undefined) await forge.create(body);
  else if (before.body !== body) await forge.update(before.id, body);
  process.stdout.write(`ctim-feeds: the plan is ${before === undefined ? 'a new comment' : 'in the comment that was there'}\n`);
} catch (error) {
  process.stderr.write(`ctim-feeds: no comment: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 4;
}

/** @param {Forge} forge @param {string} mark */
async function find(forge, mark) {
  for (let page = 1; page <= PAGES_MAX; page++) {
    const comments = await forge.list(page);
    const found = comments.find((it) => forge.isOurs(it) && String(it.body).startsWith(mark));
    if (found !== undefined || comments.length < PAGE) return found;
  }
  return undefined;
}

/** @returns {Forge} */
function github() {
  const base = said('GITHUB_API_URL', /^https?:\/\/[^\s]+$/, 'https://api.github.com');
  const repository = said('GITHUB_REPOSITORY', /^[\w.-]+\/[\w.-]+$/);
  const comments = `${base}/repos/${repository}/issues/${said('PULL_REQUEST', /^\d{1,10}$/)}/comments`;
  const author = said('COMMENT_AUTHOR', /^[\w.[\]-]+$/, 'github-actions[bot]');
  const headers = { authorization: `Bearer ${said('GITHUB_TOKEN', /^\S+$/)}`, accept: 'application/vnd.github+json' };
  return {
    list: (page) => call('GET', `${comments}?per_page=${PAGE}&page=${page}`, headers),
    isOurs: ({ user }) => user?.login === author,
    update: (id, body) => call('PATCH', `${base}/repos/${repository}/issues/comments/${Number(id)}`, headers, { body }),
    create: (body) => call('POST', comments, headers, { body }),
  };
}

/** @returns {Promise<Forge>} */
async function gitlab() {
  const base = said('CI_API_V4_URL', /^https?:\/\/[^\s]+$/);
  const project = said('CI_PROJECT_ID', /^\d{1,12}$/);
  const notes = `${base}/projects/${project}/merge_requests/${said('CI_MERGE_REQUEST_IID', /^\d{1,10}$/)}/notes`;
  const headers = { 'private-token': said('GITLAB_TOKEN', /^\S+$/) };
  const { id: self } = await call('GET', `${base}/user`, headers);
  return {
    list: (page) => call('GET', `${notes}?per_page=${PAGE}&page=${page}`, headers),
    isOurs: ({ author }) => author?.id === self,
    update: (id, body) => call('PUT', `${notes}/${Number(id)}`, headers, { body }),
    create: (body) => call('POST', notes, headers, { body }),
  };
}

/** @param {string} name @param {RegExp} form @param {string} [byDefault] */
function said(name, form, byDefault) {
  const value = process.env[name] || byDefault;
  if (value === undefined) throw new Error(`${name} is not set`);
  // What was found is not shown: it may be a secret in the wrong place.
  if (!form.test(value)) throw new Error(`${name} has not the form ${form}`);
  return value;
}

/** @param {string} method @param {string} url @param {Record<string, string>} headers @param {object} [body] @returns {Promise<any>} */
async function call(method, url, headers, body) {
  const answer = await fetch(url, {
    method,
    headers: { ...headers, 'user-agent': 'ctim-feeds', ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
    redirect: 'error',
    signal: AbortSignal.timeout(30_000),
  });
  if (!answer.ok) {
    const hint = answer.status === 403 || answer.status === 401 ? ' (may its token write comments?)' : '';
    throw new Error(`${method} ${new URL(url).pathname} answered ${answer.status}${hint}`);
  }
  return answer.json();
}
