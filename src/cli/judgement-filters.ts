import { DISPOSITIONS, dispositionNumber } from '../ctim/judgement.ts';
import { CTIM_OBSERVABLE_TYPES } from '../ctim/vocabulary.ts';
import type { JudgementFilter } from '../incidents/judgements/select.ts';
import { observableOfText } from '../incidents/write/observables.ts';
import { parseLifetime } from '../lists/lifetime.ts';
import { CommandRefused, EXIT } from './exit.ts';
import { wordOf } from './incident-list.ts';

export interface JudgementFlags {
  readonly value?: string;
  readonly type?: string;
  readonly source?: string;
  readonly disposition?: string;
  readonly list?: string;
  readonly expiring?: string;
  readonly ended?: boolean;
  readonly all?: boolean;
}

export function filterOf(flags: JudgementFlags): JudgementFilter {
  const disposition = wordOf('--disposition', flags.disposition, Object.values(DISPOSITIONS));
  return {
    observable: flags.value === undefined ? undefined : observableOrRefuse(flags.value),
    type: wordOf('--type', flags.type, CTIM_OBSERVABLE_TYPES),
    source: flags.source,
    disposition:
      disposition === undefined ? undefined : dispositionNumber(disposition as Parameters<typeof dispositionNumber>[0]),
    list: flags.list,
    expiringMs: flags.expiring === undefined ? undefined : spanOf('--expiring', flags.expiring),
    ended: flags.ended ?? false,
    all: flags.all ?? false,
  };
}

/** Whether anything was said of which ones: all of a tenant is never meant by saying nothing. */
export function saysWhich({ value, type, source, disposition, list, expiring }: JudgementFlags): boolean {
  return [value, type, source, disposition, list, expiring].some((said) => said !== undefined);
}

export function observableOrRefuse(text: string) {
  const said = observableOfText(text);
  if ('value' in said) return said.value;
  throw new CommandRefused(EXIT.usage, said.wrong);
}

export function spanOf(flag: string, text: string): number {
  const parsed = parseLifetime(text);
  if ('value' in parsed) return parsed.value.ms;
  throw new CommandRefused(EXIT.usage, `${flag}: ${parsed.wrong}`);
}
