import type { Redis } from 'ioredis';
import type { Report } from '../reconcile/report.ts';
import type { RenewalReport } from './renew.ts';

/** The reports of the latest runs, newest first. It is in Redis alone: what must outlive Redis lives in CTIA. */
const REPORTS_MAX = 200;

export async function noteReport(redis: Redis, key: string, report: Report): Promise<void> {
  await redis
    .multi()
    .lpush(key, JSON.stringify(report))
    .ltrim(key, 0, REPORTS_MAX - 1)
    .exec();
}

export async function latestReports(redis: Redis, key: string, count: number): Promise<Report[]> {
  return (await redis.lrange(key, 0, count - 1)).map((text) => JSON.parse(text) as Report);
}

/** The latest renewal alone: they come every few minutes. */
export async function noteRenewal(redis: Redis, key: string, report: RenewalReport): Promise<void> {
  await redis.set(key, JSON.stringify(report));
}

export async function latestRenewal(redis: Redis, key: string): Promise<RenewalReport | undefined> {
  const text = await redis.get(key);
  return text === null ? undefined : (JSON.parse(text) as RenewalReport);
}
