import type { Observable } from '../../ctim/observable.ts';
import { quoted } from '../../ctim/problem.ts';
import type { Settings } from '../settings.ts';
import {
  contentNetwork,
  documentationAddress,
  embeddedAddress,
  multicast,
  privateSpace,
  publicResolver,
  rootServer,
  specialUse,
  timeServer,
  tooWide,
} from './address-guards.ts';
import { commonHash } from './common-hashes.ts';
import {
  type FetchedGuardList,
  fetchedName,
  fetchedRange,
  fetchedSuffix,
  fetchedValue,
  popularName,
} from './fetched-list.ts';
import { type Hit, type Look, type Situation, subjectOf, type Weight } from './guard.ts';
import {
  certificateHost,
  documentationName,
  localName,
  publicSuffix,
  resolverName,
  rootName,
  timeName,
  updateHost,
  wellKnownName,
} from './name-guards.ts';
import { type ConfiguredHost, knownHost, protectedByConfiguration, protectedBySettings } from './protected.ts';
import { makeQuiet } from './quiet.ts';

/**
 * Every guard, by its code. A guard refuses or warns of an entry of a block list that would break more than it protects;
 * ranges and names are compared both ways: 8.0.0.0/8 contains 8.8.8.8. What nothing lifts stands first.
 */
export const GUARDS: readonly { readonly code: `guard-${string}`; readonly look: Look }[] = [
  { code: 'guard-protected', look: protectedBySettings },
  { code: 'guard-configured', look: protectedByConfiguration },
  { code: 'guard-prefix', look: tooWide },
  { code: 'guard-private', look: privateSpace },
  { code: 'guard-embedded', look: embeddedAddress },
  { code: 'guard-special-use', look: specialUse },
  { code: 'guard-multicast', look: multicast },
  { code: 'guard-local-name', look: localName },
  { code: 'guard-documentation', look: documentationAddress },
  { code: 'guard-documentation', look: documentationName },
  { code: 'guard-public-suffix', look: publicSuffix },
  { code: 'guard-public-suffix', look: fetchedSuffix },
  { code: 'guard-well-known-name', look: wellKnownName },
  { code: 'guard-resolver', look: publicResolver },
  { code: 'guard-resolver', look: resolverName },
  { code: 'guard-root-server', look: rootServer },
  { code: 'guard-root-server', look: rootName },
  { code: 'guard-time-server', look: timeServer },
  { code: 'guard-time-server', look: timeName },
  { code: 'guard-certificate-host', look: certificateHost },
  { code: 'guard-update-host', look: updateHost },
  { code: 'guard-common-hash', look: commonHash },
  { code: 'guard-fetched', look: fetchedRange },
  { code: 'guard-fetched', look: fetchedName },
  { code: 'guard-fetched', look: fetchedValue },
  { code: 'guard-content-network', look: contentNetwork },
  { code: 'guard-popular-name', look: popularName },
];

/** What guards know that stands in no list and no settings. */
export interface GuardKnowledge {
  readonly configured: readonly ConfiguredHost[];
  readonly fetched: readonly FetchedGuardList[];
}

export const NO_KNOWLEDGE: GuardKnowledge = { configured: [], fetched: [] };

export interface Finding {
  readonly code: `guard-${string}`;
  readonly weight: Weight;
  /** What would break. */
  readonly why: string;
  /** All of it, for a problem: what was found, what would break, how to go on. */
  readonly message: string;
}

export interface Guards {
  /** The gravest thing to be said of a block entry, or undefined. */
  judge(observable: Observable): Finding | undefined;
  /** All that is to be said of it, for who asks. */
  explain(observable: Observable): readonly Finding[];
}

export function makeGuards(settings: Settings, { configured, fetched }: GuardKnowledge = NO_KNOWLEDGE): Guards {
  const { protect, guards } = settings;
  const situation: Situation = { protect, settings: guards, configured: configured.map(knownHost), fetched };
  const isQuiet = makeQuiet(situation);
  return {
    judge(observable) {
      if (isQuiet(observable)) return undefined;
      const subject = subjectOf(observable);
      let warning: Finding | undefined;
      for (const { code, look } of GUARDS) {
        const hit = look(subject, situation);
        if (hit === undefined) continue;
        if (hit.weight !== 'warn') return findingOf(observable, code, hit);
        warning ??= findingOf(observable, code, hit);
      }
      return warning;
    },
    explain(observable) {
      const subject = subjectOf(observable);
      return GUARDS.flatMap(({ code, look }) => {
        const hit = look(subject, situation);
        return hit === undefined ? [] : [findingOf(observable, code, hit)];
      });
    },
  };
}

function findingOf({ value }: Observable, code: Finding['code'], { weight, why }: Hit): Finding {
  return { code, weight, why, message: MESSAGES[weight](quoted(value), why) };
}

const FORCE = 'force: "reason" on the entry (for a line of a text file, in overrides)';

const MESSAGES: Readonly<Record<Weight, (value: string, why: string) => string>> = {
  never: (value, why) => `${value} is refused: ${why}; no force lifts that: remove the entry, or what protects it`,
  refuse: (value, why) => `${value} is refused: ${why}; if it is meant all the same, say ${FORCE}`,
  warn: (value, why) => `${value} is published, but ${why}; to say that this is known, write ${FORCE}`,
};
