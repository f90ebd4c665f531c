import type { Entity } from '../../ctim/bundle.ts';
import { MEMBER_OF, RELATED_TO } from '../../ctim/incident.ts';
import { LONG_TEXT_MAX, MEDIUM_TEXT_MAX, SHORT_TEXT_MAX } from '../../ctim/judgement.ts';
import { observableKey } from '../../ctim/observable.ts';
import type { FoundRule, LogFinding, LogFindings } from '../findings.ts';
import type { Draft } from './draft.ts';

/**
 * What was found in a log, of one campaign, as an incident: one sighting for each attacker and rule, one indicator for each
 * rule. Their external ids are made of the log's name, the campaign, attacker and rule, so the same log makes nothing new,
 * and a rule is one indicator in all incidents that it is in. A sighting grows while the log does.
 *
 *   sighting member-of incident · sighting sighting-of indicator · indicator related-to incident
 */
export function incidentFromFindings(found: LogFindings): Draft[] {
  const { source, campaign, findings } = found;
  const of = `log:${source}:${iso(campaign.start)}:${iso(campaign.end)}`;
  const where = `${source}, ${iso(campaign.start)}`;
  const rules = new Map(findings.map(({ rule }) => [rule.name, rule]));
  const sightings = findings.map((finding) => {
    const id = `${of}:${finding.attacker.type}:${finding.attacker.value}:${finding.rule.name}`;
    const entity = { ...sightingOf(source, finding), external_ids: [id] };
    return {
      plural: 'sightings' as const,
      entity,
      label: id,
      where: `${where}: ${attackerAndRule(finding)}`,
      grows: true as const,
    };
  });
  const indicators = [...rules.values()].map((rule) => {
    const id = `rule:${rule.name}`;
    return { plural: 'indicators' as const, entity: { ...indicatorOf(rule), external_ids: [id] }, id, rule };
  });
  const relate = (type: string, from: string, to: string): Draft => ({
    plural: 'relationships',
    entity: { relationship_type: type, source_ref: from, target_ref: to },
    where: `${where}: ${from} ${type} ${to}`,
  });
  return [
    { plural: 'incidents', entity: { ...incidentOf(found), external_ids: [of] }, label: of, where },
    ...sightings,
    ...indicators.map(({ plural, entity, id, rule }) => ({
      ...{ plural, entity },
      label: `${of}:${id}`,
      where: `${where}: rule ${rule.name}`,
    })),
    ...sightings.flatMap(({ label }, n) => [
      relate(MEMBER_OF, label, of),
      relate('sighting-of', label, `${of}:rule:${findings[n]?.rule.name}`),
    ]),
    ...indicators.map(({ id }) => relate(RELATED_TO, `${of}:${id}`, of)),
  ];
}

function incidentOf({ source, campaign, findings, beyond }: LogFindings): Entity {
  const attackers = new Set(findings.map(({ attacker }) => observableKey(attacker))).size;
  const first = findings.reduce((min, { firstSeen }) => Math.min(min, firstSeen), campaign.end);
  const gravest = findings[0]?.rule;
  const more = beyond.requests > 0 ? ` ${beyond.requests} more requests were only counted.` : '';
  return {
    title: cut(`Attacks in ${source}, ${iso(campaign.start).slice(0, 10)}`, SHORT_TEXT_MAX),
    description: `${attackers} attackers, by ${new Set(findings.map(({ rule }) => rule.name)).size} rules.${more}`,
    ...{ source: cut(source, MEDIUM_TEXT_MAX), detection_sources: [cut(source, MEDIUM_TEXT_MAX)] },
    ...{ status: 'New', confidence: gravest?.confidence ?? 'Unknown', severity: gravest?.severity ?? 'Unknown' },
    ...{ discovery_method: 'Log Review', promotion_method: 'Automated', categories: ['Scans/Probes/Attempted Access'] },
    techniques: [...new Set(findings.flatMap(({ rule }) => rule.techniques))].sort(),
    incident_time: { opened: iso(first) },
  };
}

function sightingOf(source: string, finding: LogFinding): Entity {
  const { attacker, rule, count, firstSeen, lastSeen, samples, target } = finding;
  const observed_time = { start_time: iso(firstSeen), end_time: iso(lastSeen) };
  const host = target.host === undefined ? undefined : { type: 'hostname', value: target.host };
  return {
    ...{ title: cut(rule.title, SHORT_TEXT_MAX), source: cut(source, MEDIUM_TEXT_MAX), sensor: 'endpoint.server' },
    description: cut(`${rule.description}\n\nPaths: ${target.paths.join(' ')}`, LONG_TEXT_MAX),
    ...{ observed_time, count, severity: rule.severity, confidence: rule.confidence },
    observables: [attacker],
    ...(host && {
      targets: [{ type: 'endpoint.server', observables: [host], observed_time }],
      relations: [{ origin: source, relation: 'Connected_To', source: attacker, related: host }],
    }),
    // As the attacker sent it: in a table, where it is text and nothing else.
    data: {
      columns: [
        ...['time', 'request', 'user agent', 'referer'].map((name) => ({ name, type: 'string' })),
        { name: 'status', type: 'integer' },
      ],
      rows: samples.map(({ time, request, userAgent, referer, status }) => [
        ...[iso(time), request, userAgent ?? '', referer ?? ''],
        status,
      ]),
    },
  };
}

function indicatorOf({ title, description, severity, confidence, techniques }: FoundRule): Entity {
  return {
    ...{ producer: 'ctim-feeds', title: cut(title, SHORT_TEXT_MAX), description: cut(description, LONG_TEXT_MAX) },
    ...{ severity, confidence, tags: [...techniques] },
  };
}

function attackerAndRule({ attacker, rule }: LogFinding): string {
  return `${attacker.value}, ${rule.name}`;
}

function cut(text: string, max: number): string {
  return text.length > max ? `${text.slice(0, max - 1)}…` : text;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
