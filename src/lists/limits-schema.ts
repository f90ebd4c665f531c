import { z } from 'zod';

/**
 * What a plan may do unasked, as settings, channels and lists say it. What is not said has a default, which protects
 * (`plan/limits.ts`); `off` lifts it.
 */
const OFF = 'off';
const SHARE = 'a number from 0 to 1 is expected, or off';

const count = z
  .union([z.int().min(0), z.literal(OFF)], { error: 'a whole number is expected, 0 at least, or off' })
  .optional();
const share = z.union([z.number().min(0).max(1, SHARE), z.literal(OFF)], { error: SHARE }).optional();
const factor = z.union([z.number().gt(1), z.literal(OFF)], { error: 'a number over 1 is expected, or off' }).optional();
const space = (bits: number) =>
  z
    .union([z.string().regex(/^\/\d{1,3}$/), z.literal(OFF)], {
      error: `the size of a network is expected, from /0 to /${bits}, or off`,
    })
    .refine((said) => said === OFF || Number(said.slice(1)) <= bits, `from /0 to /${bits}`)
    .optional();

const moves = {
  additions: count.describe('Most observables that one plan may add.'),
  additions_share: share.describe('The same, as a share of what is there.'),
  withdrawals: count.describe('Most observables that one plan may take out.'),
  withdrawals_share: share.describe('The same, as a share of what is there.'),
};

/** Of each feed. */
export const feedLimitsSchema = z.strictObject(
  {
    ...moves,
    growth: factor.describe('Most times the size that it had before.'),
    allow_losses: count.describe('Most allow entries that one plan may withdraw.'),
    entries_per_feed: count.describe('Most observables that a feed may hold.'),
    address_space_ip: space(32).describe('Most addresses that one plan may add, as the size of a network.'),
    address_space_ipv6: space(128).describe('The same for IPv6.'),
  },
  { error: 'a map of limits is expected, such as { withdrawals: 100 }' },
);

/** Of one list: what enters or leaves feeds because of it. */
export const listLimitsSchema = z.strictObject(
  { ...moves, entries: count.describe('Most entries that the list may publish.') },
  { error: 'a map of limits is expected, such as { withdrawals: 100 }' },
);

export type FeedLimits = z.infer<typeof feedLimitsSchema>;
export type ListLimits = z.infer<typeof listLimitsSchema>;
