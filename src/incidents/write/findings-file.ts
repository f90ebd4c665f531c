import { z } from 'zod';
import { CONFIDENCES, SEVERITIES } from '../../ctim/judgement.ts';
import type { LogFindings } from '../log/findings.ts';
import type { Drafts } from './draft.ts';
import { checked, type FileContent } from './file.ts';
import { incidentFromFindings } from './from-findings.ts';

const time = z
  .int()
  .min(0)
  .max(Date.UTC(2525, 0, 1));
const finding = z.strictObject({
  attacker: z.strictObject({ type: z.enum(['ip', 'ipv6', 'hostname']), value: z.string().min(1).max(255) }),
  rule: z.strictObject({
    name: z.string().min(1).max(200),
    title: z.string(),
    description: z.string(),
    severity: z.enum(SEVERITIES),
    confidence: z.enum(CONFIDENCES),
    techniques: z.array(z.string().max(100)),
  }),
  count: z.int().min(1),
  firstSeen: time,
  lastSeen: time,
  samples: z.array(
    z.strictObject({
      time,
      request: z.string(),
      status: z.int(),
      userAgent: z.string().optional(),
      referer: z.string().optional(),
    }),
  ),
  target: z.strictObject({ host: z.string().optional(), paths: z.array(z.string()) }),
});
const campaigns = z.array(
  z.strictObject({
    source: z.string().min(1).max(1000),
    campaign: z.strictObject({ start: time, end: time }),
    findings: z.array(finding).min(1),
    beyond: z.strictObject({ requests: z.int().min(0) }),
  }),
);

/** What `incident from-log --json` prints: an incident of each campaign. */
export function findingsDrafts(content: FileContent, said: unknown): Drafts {
  const result = checked(content, campaigns as unknown as z.ZodType<readonly LogFindings[]>, said, ['campaigns']);
  if ('problems' in result) return result;
  return { drafts: result.value.flatMap(incidentFromFindings) };
}
