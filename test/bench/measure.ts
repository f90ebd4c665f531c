/** A machine's noise: what misses a ratio or a time by less is said not to hold, and fails nothing. */
const NOISE = 0.1;

export interface Measure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly budget?: string;
  readonly holds?: boolean;
  /** Broken by more than noise. */
  readonly broken?: boolean;
}

export function atMost(name: string, value: number, unit: string, max: number): Measure {
  const exact = unit === 'requests';
  const broken = value > (exact ? max : max * (1 + NOISE));
  return { name, value: rounded(value), unit, budget: `<= ${max}`, holds: value <= max, broken };
}

export function atLeast(name: string, value: number, unit: string, min: number): Measure {
  return {
    name,
    value: rounded(value),
    unit,
    budget: `>= ${min}`,
    holds: value >= min,
    broken: value < min * (1 - NOISE),
  };
}

export function plain(name: string, value: number, unit: string): Measure {
  return { name, value: rounded(value), unit };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1
    ? (sorted[Math.floor(middle)] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
