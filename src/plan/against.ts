/** What a log says of a plan: requests that were answered well, from addresses that the plan would block. */
export interface AgainstLog {
  /** As the person named it. */
  readonly log: string;
  readonly lines: number;
  /** Lines of no format that is known. */
  readonly unread: number;
  /** Answered with 2xx or 3xx. */
  readonly successful: number;
  /** Of those, from what enters the feeds. */
  readonly blocked: number;
  /** Those of most requests first. */
  readonly values: readonly AgainstValue[];
}

export interface AgainstValue {
  readonly value: string;
  readonly list: string;
  readonly requests: number;
  /** Some of them, as the log has them: the other side wrote them. */
  readonly paths: readonly string[];
}
