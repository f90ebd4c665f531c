import type { Redis } from 'ioredis';
import type { Report } from '../reconcile/report.ts';

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
