import assert from 'node:assert/strict';
import type { Json, Tenant } from './tenant.ts';

/** What other people write into a tenant. */
export type Call = Tenant['call'];

export async function makeJudgement(call: Call, value: string, more: object = {}): Promise<Json> {
  return made(call, 'judgement', {
    observable: { type: 'ip', value },
    source: 'workflow 0015A',
    priority: 95,
    severity: 'High',
    confidence: 'High',
    disposition: 2,
    tlp: 'amber',
    valid_time: { start_time: '2026-11-20T00:00:00.000Z', end_time: '2027-11-20T00:00:00.000Z' },
    ...more,
  });
}

export async function makeLink(call: Call, source: string, target: string, more: object = {}): Promise<Json> {
  const refs = { relationship_type: 'element-of', source_ref: source, target_ref: target };
  return made(call, 'relationship', { ...refs, tlp: 'amber', ...more });
}

export async function makeIndicator(call: Call, title: string, more: object = {}): Promise<Json> {
  return made(call, 'indicator', { producer: 'workflow 0015A', title, tlp: 'amber', ...more });
}

export async function makeFeed(call: Call, title: string, indicatorId: string, more: object = {}): Promise<Json> {
  const feed = { feed_type: 'indicator', output: 'observables', title, indicator_id: indicatorId, tlp: 'amber' };
  return made(call, 'feed', { ...feed, ...more });
}

async function made(call: Call, kind: string, document: object): Promise<Json> {
  const { status, json } = await call('POST', `/ctia/${kind}?wait_for=true`, document);
  assert.equal(status, 201, JSON.stringify(json));
  return json;
}
