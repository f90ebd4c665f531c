import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { CONFIDENCES, SEVERITIES } from '../../ctim/judgement.ts';
import { OBSERVABLE_TYPES } from '../../ctim/observable.ts';
import type { LogFindings } from './findings.ts';
import type { LogPosition } from './follow-log.ts';

/** How far a log was read, and what was found in the campaigns that are not over: after a restart both go on. */
export interface LogCheckpoint {
  readonly position: LogPosition;
  readonly findings: readonly LogFindings[];
}

/** One file for each log and rules' window, in a folder of ours. */
export interface CheckpointFile {
  readonly file: string;
  /** Undefined where there is none; `wrong` where it cannot be understood. */
  read(): Promise<LogCheckpoint | undefined | { readonly wrong: string }>;
  /** Whole or not at all, whenever we are stopped. */
  write(checkpoint: LogCheckpoint): Promise<void>;
}

export function checkpointFile(folder: string, log: string, windowMs: number): CheckpointFile {
  const name = createHash('sha256').update(`${log}\n${windowMs}`).digest('hex').slice(0, 32);
  const file = join(folder, `${name}.json`);
  return {
    file,
    async read() {
      let text: string;
      try {
        text = await readFile(file, 'utf8');
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
        throw error;
      }
      return parsed(text);
    },
    async write(checkpoint) {
      await mkdir(folder, { recursive: true });
      const draft = `${file}.draft`;
      await writeFile(draft, JSON.stringify({ version: 1, log, ...checkpoint }), { mode: 0o600, flush: true });
      await rename(draft, file);
    },
  };
}

function parsed(text: string): LogCheckpoint | { readonly wrong: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { wrong: 'it is no JSON' };
  }
  const result = checkpointSchema.safeParse(value);
  if (result.success) {
    const { position, findings } = result.data as LogCheckpoint;
    return { position, findings };
  }
  const [issue] = result.error.issues;
  return { wrong: `${issue?.path.join('.')}: ${issue?.message}` };
}

const whole = z.number().int().nonnegative();
const sample = z.object({
  ...{ time: z.number(), request: z.string(), status: z.number() },
  ...{ userAgent: z.string().optional(), referer: z.string().optional() },
});
const finding = z.object({
  attacker: z.object({ type: z.enum(OBSERVABLE_TYPES as [string, ...string[]]), value: z.string() }),
  rule: z.object({
    ...{ name: z.string(), title: z.string(), description: z.string() },
    ...{ severity: z.enum(SEVERITIES), confidence: z.enum(CONFIDENCES), techniques: z.array(z.string()) },
  }),
  ...{ count: whole, firstSeen: z.number(), lastSeen: z.number(), samples: z.array(sample) },
  target: z.object({ host: z.string().optional(), paths: z.array(z.string()) }),
});
const checkpointSchema = z.object({
  version: z.literal(1),
  position: z.object({
    ...{ device: whole, inode: whole, offset: whole },
    head: z.object({ bytes: whole, sha256: z.string() }),
  }),
  findings: z.array(
    z.object({
      source: z.string(),
      campaign: z.object({ start: z.number(), end: z.number() }),
      findings: z.array(finding),
      beyond: z.object({ requests: whole }),
    }),
  ),
});
