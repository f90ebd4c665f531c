/** Every key of ours in Redis that is not BullMQ's, by tenant and owner: the same Redis used with two tenants never mixes them. */
export interface RedisKeys {
  readonly lock: string;
  readonly run: string;
  readonly requestTimes: string;
  /** When requests went that did one by one what this tenant's token may not do in bulk. */
  readonly oneByOneTimes: string;
  /** Why bulk PUT is closed to us, where CTIA said so. */
  readonly bulkRights: string;
  readonly pause: string;
  readonly history: string;
  /** What the latest renewal did. */
  readonly renewal: string;
  /** How many jobs by hand ended: a sync that planned before one of them plans again. */
  readonly byHand: string;
  /** What was let through by hand, by that count. */
  readonly letThrough: string;
  /** Channels that may be on hold; whether they are, CTIA says. */
  readonly onHold: string;
  readonly ledger: string;
  /** Every change of every run. */
  readonly journal: string;
  /** Last good copies of upstreams, each below it. */
  readonly copies: string;
  /** What a person was told of and is not over. */
  readonly conditions: string;
}

/** The lists that guards go by, each below it: the one thing of ours that belongs to no tenant. */
export const GUARD_COPIES = 'ctim-feeds:guard-lists';

export function redisKeys(tenant: string, owner: string): RedisKeys {
  const base = `ctim-feeds:{${owner}@${tenant}}`;
  // The hourly quota belongs to the organisation, whoever writes.
  const organisation = `ctim-feeds:{${tenant}}`;
  return {
    lock: `${base}:lock`,
    run: `${base}:run`,
    history: `${base}:history`,
    renewal: `${base}:renewal`,
    byHand: `${base}:by-hand`,
    letThrough: `${base}:let-through`,
    onHold: `${base}:on-hold`,
    ledger: `${base}:ledger`,
    journal: `${base}:journal`,
    copies: `${base}:copies`,
    conditions: `${base}:conditions`,
    requestTimes: `${organisation}:request-times`,
    oneByOneTimes: `${organisation}:one-by-one-times`,
    bulkRights: `${organisation}:bulk-rights`,
    pause: `${organisation}:pause`,
  };
}
