import { makeRandom } from '../../src/embedded-ctia/random.ts';

/** What a seed decides. */
export interface Chance {
  /** In this share of cases. */
  happens(share: number): boolean;
  /** From 0 to below `below`. */
  below(below: number): number;
  pick<T>(those: readonly T[]): T;
}

export function makeChance(seed: number): Chance {
  const random = makeRandom(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  return {
    happens: (share) => random() < share,
    below,
    pick(those) {
      const one = those[below(those.length)];
      if (one === undefined) throw new Error('nothing to pick from');
      return one;
    },
  };
}

/** Of one step of a story: it stays the same when steps before it are left out. */
export function chanceOfStep(seed: number, step: number): Chance {
  return makeChance(Math.imul(seed, 0x9e3779b1) ^ Math.imul(step + 1, 0x85ebca6b));
}
