/**
 * Something that is wrong, or waits for a person, and stays so until it is over. It is told once when it begins and once when
 * it is over, however often it is found meanwhile.
 */
export interface Condition {
  readonly kind: ConditionKind;
  /** What tells it from others of its kind: a channel, a feed, a list, a rule, an incident's id. */
  readonly about: string;
  /** What a person must know, and how to go on. Holds no secret. */
  readonly text: string;
}

export type ConditionKind = keyof typeof TITLES;

/** As a message begins; what follows says of what. */
export const TITLES = {
  problems: 'the lists have errors',
  held: 'a plan is held',
  'not-verified': 'a feed does not hold what the lists say',
  failures: 'entries could not be made',
  drift: 'others changed what is published',
  'not-renewed': 'entries could not be renewed',
  lapsing: 'a channel is about to lapse',
  source: 'a source is not well',
  'job-failed': 'a job failed and is tried no more',
  incident: 'there is a new incident',
} as const;
