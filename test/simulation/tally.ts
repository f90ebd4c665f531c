/** How often what happened, over one story or many. */
export type Tally = Readonly<Record<string, number>>;

/** What a line of a story is counted as; a line may be several. The first group, where there is one, tells them apart. */
const COUNTED: readonly (readonly [what: string, line: RegExp])[] = [
  ['steps', /^step \d/],
  ['commits', /\bcommit \d+(?: reverts|: )/],
  ['broken commits', /\bBROKEN\b/],
  ['by hand', /by hand: |somebody (?:blocks|takes back|lets) /],
  ['others', /\b(?:others|somebody) (?!blocks|takes back|lets|plans)\w+ /],
  ['runs', /^\s*(?:\d.*\s)?(?:run|sync|one|another)\b[^:;]*: (verified|problems|held|not-verified)\b/],
  ['died', /the run ended: Crash|\bis killed\b/],
  ['faults drawn', /\bfault: (\S+)/],
];

export function tallyOf(story: readonly string[]): Tally {
  const tally: Record<string, number> = {};
  for (const line of story) {
    for (const [what, pattern] of COUNTED) {
      const found = pattern.exec(line);
      if (found === null) continue;
      const key = found[1] === undefined ? what : `${what} ${found[1]}`;
      tally[key] = (tally[key] ?? 0) + 1;
    }
  }
  return tally;
}

export function sumOf(tallies: readonly Tally[]): Tally {
  const sum: Record<string, number> = {};
  for (const tally of tallies) for (const [key, count] of Object.entries(tally)) sum[key] = (sum[key] ?? 0) + count;
  return sum;
}

/** `8 steps, 3 commits, runs (10 verified, 2 held), faults drawn (3 slow)`, in the order of the table. */
export function tallyLine(tally: Tally): string {
  return COUNTED.flatMap(([what]) => {
    if (tally[what] !== undefined) return [`${tally[what]} ${what}`];
    const kinds = Object.entries(tally).filter(([key]) => key.startsWith(`${what} `));
    if (kinds.length === 0) return [];
    const each = kinds.sort(([, a], [, b]) => b - a).map(([key, count]) => `${count} ${key.slice(what.length + 1)}`);
    return [`${what} (${each.join(', ')})`];
  }).join(', ');
}
