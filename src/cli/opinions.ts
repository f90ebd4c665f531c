import type { StoredJudgement } from '../ctia/stored.ts';
import { DISPOSITIONS } from '../ctim/judgement.ts';
import { shortId } from '../ctim/short-id.ts';
import { isActive } from '../ctim/verdict.ts';
import { nameOf } from '../incidents/read/timeline.ts';
import type { Opinion } from '../incidents/verdicts/look-up.ts';
import { shown } from '../plan/shown.ts';
import { endText } from './incident-table.ts';

/** One verdict for a person: the judgement that decides, then all others, the weightiest first. */
export function opinionLines({ observable, decides, judgements }: Opinion, now: number): string[] {
  const name = shown(nameOf(observable), 200);
  if (judgements.length === 0) return [`${name}: no judgement`];
  const verdict =
    decides === undefined ? 'no verdict: none of its judgements counts now' : DISPOSITIONS[decides.disposition];
  return [
    `${name}: ${verdict}`,
    ...judgements.map((it) => `  ${it === decides ? 'decides' : '       '} ${saidBy(it, now)}`),
  ];
}

function saidBy(judgement: StoredJudgement, now: number): string {
  const { source, disposition, priority, severity, confidence, valid_time: times, reason, id } = judgement;
  const begins = Date.parse(times.start_time) > now ? `from ${endText(times.start_time, now)} ` : '';
  const until = isActive(judgement, now) || begins !== '' ? 'until' : 'ended';
  const why = reason === undefined ? '' : `, ${shown(reason, 120)}`;
  return (
    `${shown(source, 60)} says ${DISPOSITIONS[disposition]}, priority ${priority}, severity ${severity}, ` +
    `confidence ${confidence}, ${begins}${until} ${endText(times.end_time, now)}${why} (${shortId(id)})`
  );
}

/** The same for a program. */
export function opinionJson({ observable, decides, judgements }: Opinion): object {
  return {
    observable,
    verdict:
      decides === undefined
        ? null
        : {
            disposition: decides.disposition,
            disposition_name: DISPOSITIONS[decides.disposition],
            judgement_id: decides.id,
          },
    judgements,
  };
}
