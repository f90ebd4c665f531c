/** A document of every kind that bulk requests know, by plural: how large tenants fill them, with fields of their own. */
export const ENTITIES: Readonly<Record<string, Record<string, unknown>>> = {
  actors: {
    title: 'Copper Heron',
    actor_types: ['Cyber Espionage Operations'],
    aliases: ['TA-114'],
    identity: { description: 'a group', related_identities: [{ identity: 'acme', confidence: 'Low' }] },
    valid_time: { start_time: '2026-01-01T00:00:00.000Z', end_time: '2027-01-01T00:00:00.000Z' },
  },
  assets: {
    title: 'mail gateway',
    asset_type: 'device',
    valid_time: { start_time: '2026-01-01T00:00:00.000Z', end_time: '2027-01-01T00:00:00.000Z' },
  },
  attack_patterns: {
    title: 'Phishing',
    abstraction_level: 'technique',
    kill_chain_phases: [{ kill_chain_name: 'mitre-attack', phase_name: 'initial-access' }],
    x_mitre_platforms: ['Linux', 'Windows'],
  },
  campaigns: {
    title: 'Spring parcels',
    campaign_type: 'phishing',
    names: ['parcels'],
    // Not an instant of the base fields: kept as it is written.
    activity: [{ date_time: '2026-03-01', description: 'first mail' }],
    valid_time: { start_time: '2026-03-01T00:00:00.000Z', end_time: '2026-06-01T00:00:00.000Z' },
  },
  casebooks: {
    title: 'Parcels',
    observables: [{ type: 'domain', value: 'parcels.example' }],
    texts: [{ type: 'some', text: 'text' }],
    bundle: { source: 'acme', malwares: [{ id: 'transient:m', title: 'dropper', labels: ['malware'] }] },
  },
  coas: {
    title: 'Block it',
    open_c2_coa: { type: 'structured_coa', action: { type: 'deny' }, modifiers: { delay: '2026-03-01T10:00:00Z' } },
    valid_time: { start_time: '2026-03-01T00:00:00.000Z', end_time: '2026-06-01T00:00:00.000Z' },
  },
  data_tables: {
    columns: [{ name: 'ip', type: 'string' }],
    rows: [['198.51.100.7'], [{ nested: [1, null, 2.5] }]],
    row_count: 2,
    valid_time: { start_time: '2026-03-01T00:00:00.000Z', end_time: '2026-06-01T00:00:00.000Z' },
  },
  feedbacks: {
    entity_id: 'http://ctia.example/ctia/judgement/judgement-00000000-0000-4000-8000-000000000001',
    feedback: -1,
    reason: 'false positive',
  },
  identity_assertions: {
    identity: { observables: [{ type: 'ip', value: '198.51.100.7' }] },
    assertions: [{ name: 'cisco:ctr:device:owner', value: 'ada' }],
    valid_time: { start_time: '2026-03-01T00:00:00.000Z', end_time: '2026-06-01T00:00:00.000Z' },
  },
  incidents: {
    title: 'Parcels',
    confidence: 'High',
    status: 'New',
    incident_time: { opened: '2026-03-01T00:00:00.000Z' },
    meta: { 'ai-generated': 'no', nested: { list: [1, 'two'] } },
    scores: { asset: 10.5, ttp: 0 },
    tactics: ['TA0001'],
  },
  indicators: {
    producer: 'acme',
    title: 'acme ip',
    indicator_type: ['IP Watchlist'],
    valid_time: { start_time: '2026-03-01T00:00:00.000Z', end_time: '2026-06-01T00:00:00.000Z' },
    kill_chain_phases: [{ kill_chain_name: 'lockheed-martin-cyber-kill-chain', phase_name: 'delivery' }],
    specification: { type: 'Snort', snort_sig: 'alert any' },
  },
  investigations: { title: 'Parcels', actions: '[{"type":"collect"}]', targets: [{ type: 'endpoint' }] },
  judgements: {
    observable: { type: 'ip', value: '198.51.100.7' },
    source: 'acme',
    priority: 90,
    severity: 'High',
    confidence: 'High',
    disposition: 2,
    disposition_name: 'Malicious',
    valid_time: { start_time: '2026-03-01T00:00:00.000Z', end_time: '2026-06-01T00:00:00.000Z' },
  },
  malwares: { title: 'dropper', labels: ['malware'], abstraction_level: 'family', x_mitre_aliases: ['drop'] },
  notes: {
    content: 'seen again',
    note_class: 'default',
    author: 'ada',
    related_entities: [{ entity_type: 'incident', entity_id: 'incident-1' }],
  },
  sightings: {
    observed_time: { start_time: '2026-03-01T00:00:00.000Z', end_time: '2026-03-01T01:00:00.000Z' },
    count: 3,
    confidence: 'Low',
    observables: [{ type: 'domain', value: 'parcels.example' }],
    sensor: 'network.firewall',
    relations: [
      {
        origin: 'firewall',
        relation: 'Resolved_To',
        relation_info: { record: { type: 'A' } },
        source: { type: 'domain', value: 'parcels.example' },
        related: { type: 'ip', value: '198.51.100.7' },
      },
    ],
    data: { columns: [{ name: 'bytes', type: 'integer' }], rows: [[1], ['many', { of: 'them' }]] },
    context: {
      file_create_events: [
        {
          type: 'FileCreateEvent',
          time: { start_time: '2026-03-01T00:00:00.000Z' },
          process_id: 7,
          process_name: 'mail.exe',
          file_name: 'parcel.js',
          file_path: 'C:\\Temp',
          failed: false,
        },
      ],
    },
  },
  target_records: {
    title: 'laptops',
    targets: [{ type: 'endpoint.laptop', observables: [{ type: 'hostname', value: 'pc-7' }], internal: true }],
  },
  tools: { title: 'nmap', tool_version: '7.95', labels: ['vulnerability-scanning'] },
  vulnerabilities: {
    title: 'CVE-2026-0001',
    cve: { cve_data_meta: { id: 'CVE-2026-0001' } },
    impact: { cvss_v3: { base_score: 9.8, base_severity: 'critical' } },
    published_date: '2026-01-02T03:04:05Z',
  },
  weaknesses: {
    title: 'CWE-79',
    abstraction_level: 'Base',
    notes: [{ type: 'Terminology', note: 'also XSS' }],
    languages: [{ prevalence: 'Often', name: 'JavaScript' }],
  },
  asset_mappings: {
    asset_ref: 'http://ctia.example/ctia/asset/asset-00000000-0000-4000-8000-000000000001',
    asset_type: 'device',
    observable: { type: 'ip', value: '198.51.100.7' },
    confidence: 'High',
    specificity: 'Unique',
    stability: 'Managed',
    valid_time: { start_time: '2026-03-01T00:00:00.000Z', end_time: '2026-06-01T00:00:00.000Z' },
  },
  asset_properties: {
    asset_ref: 'http://ctia.example/ctia/asset/asset-00000000-0000-4000-8000-000000000001',
    properties: [{ name: 'cisco:risk', value: '7' }],
    valid_time: { start_time: '2026-03-01T00:00:00.000Z', end_time: '2026-06-01T00:00:00.000Z' },
  },
  relationships: {
    relationship_type: 'member-of',
    source_ref: 'http://ctia.example/ctia/sighting/sighting-00000000-0000-4000-8000-000000000001',
    target_ref: 'http://ctia.example/ctia/incident/incident-00000000-0000-4000-8000-000000000001',
  },
};

/** What the server sets, whatever was sent. */
export const SERVER_SET = ['id', 'type', 'schema_version', 'owner', 'groups', 'created', 'modified', 'client_id'];

export function withoutServerSet(document: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(document).filter(([key]) => !SERVER_SET.includes(key)));
}
