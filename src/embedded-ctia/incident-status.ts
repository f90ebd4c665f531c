import { isoInstant } from './instants.ts';
import type { Stored, Submitted } from './kinds.ts';

export type IncidentTime = Readonly<Record<string, string | undefined>>;

/**
 * The times of an incident that is stored. Where its status changes, some of them follow:
 *
 *   from             to                                          effect
 *   New…             Open…                                       opened: now
 *   New…, Open…      Open: Contained                             contained: now (opened as for any Open…)
 *   Open…            Open…                                       opened: kept
 *   Hold…, Closed…   Open…                                       opened: kept
 *   not Closed…      Closed…                                     closed: now
 *   Closed…          Closed…                                     closed: kept
 *   any              Containment Achieved, Restoration Achieved  remediated: now, if it has none
 *   any              Rejected                                    rejected: now, if it has none
 *   any              Incident Reported                           reported: now, if it has none
 *
 * `now` and `kept` override what the client sent; kept is the stored time. Everything else is as sent: a create, an
 * unchanged status, and changes that the table does not name.
 */
export function incidentTimes(submitted: Submitted, previous: Stored | undefined, now: number): IncidentTime {
  const sent = submitted.incident_time as IncidentTime;
  if (previous === undefined || previous.status === submitted.status) return sent;
  const kept = previous.incident_time as IncidentTime;
  return { ...sent, ...effects(String(previous.status), String(submitted.status), sent, kept, isoInstant(now)) };
}

function effects(from: string, to: string, sent: IncidentTime, kept: IncidentTime, now: string): IncidentTime {
  const [before, after] = [family(from), family(to)];
  const unlessSet = (name: string) => ({ [name]: sent[name] ?? kept[name] ?? now });
  const stored = (name: string) => (kept[name] === undefined ? {} : { [name]: kept[name] });
  if (after === 'Open') {
    const opened = before === 'New' ? { opened: now } : OPENED_BEFORE.includes(before) ? stored('opened') : {};
    const contained = to === 'Open: Contained' && ['New', 'Open'].includes(before) ? { contained: now } : {};
    return { ...opened, ...contained };
  }
  if (after === 'Closed') return before === 'Closed' ? stored('closed') : { closed: now };
  const name = TIME_OF[to];
  return name === undefined ? {} : unlessSet(name);
}

const OPENED_BEFORE = ['Open', 'Hold', 'Closed'];

const TIME_OF: Readonly<Record<string, string>> = {
  'Containment Achieved': 'remediated',
  'Restoration Achieved': 'remediated',
  Rejected: 'rejected',
  'Incident Reported': 'reported',
};

/** `Open: Contained` is of the family `Open`. */
function family(status: string): string {
  return status.split(':')[0] ?? status;
}
