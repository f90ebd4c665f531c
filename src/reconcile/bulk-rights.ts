/**
 * What a token may not do in bulk. Bulk PUT asks for the right to create every kind, casebooks and investigations
 * included, so a token may import and be refused there. It is learned from the first refusal and remembered.
 */
export interface BulkRights {
  /** In CTIA's words, with the scope that is missing; undefined as long as nothing says so. */
  lacking(): Promise<string | undefined>;
  learn(why: string): Promise<void>;
}

/** Remembered as long as this lives. */
export function rightsOfThisRun(): BulkRights {
  let lacking: string | undefined;
  return {
    lacking: async () => lacking,
    async learn(why) {
      lacking = why;
    },
  };
}

export function successionNotice(lacking: string): string {
  return `what goes on is renewed by succession, with a new judgement each time: ${lacking}`;
}
