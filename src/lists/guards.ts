import type { Observable } from '../ctim/observable.ts';
import type { Remark } from './normalise.ts';
import type { Settings } from './settings.ts';

/** Why an entry of a block list must not be published, or undefined. */
export type Guards = (observable: Observable) => Remark | undefined;

export function makeGuards(_settings: Settings): Guards {
  return () => undefined;
}
