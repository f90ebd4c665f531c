import { z } from 'zod';
import { DEFAULT_SORT, DESCRIBED_NAMES, GENERIC_NAMES } from './field-names.ts';
import type { Kind } from './kinds.ts';
import {
  base,
  confidence,
  describable,
  observable,
  observedTime,
  open,
  openObject,
  severity,
  sourcable,
  text,
} from './schema.ts';
import { BASE_RULES, DESCRIBABLE_RULES, natural, period, SOURCABLE_RULES, short, uri } from './spec.ts';

const observables = z.array(observable);
/** Times of a sighting. All but the first are optional. */
const INTERVALS = ['observed_time', 'activity_interval', 'detection_interval', 'modification_interval'];

/** The lists of a context and what type their events bear. */
const EVENT_TYPES = {
  process_create_events: 'ProcessCreateEvent',
  library_load_events: 'LibraryLoadEvent',
  file_create_events: 'FileCreateEvent',
  file_delete_events: 'FileDeleteEvent',
  file_modify_events: 'FileModifyEvent',
  file_move_events: 'FileMoveEvent',
  netflow_events: 'NetflowEvent',
  http_events: 'HTTPEvent',
  registry_create_events: 'RegistryCreateEvent',
  registry_set_events: 'RegistrySetEvent',
  registry_delete_events: 'RegistryDeleteEvent',
  registry_rename_events: 'RegistryRenameEvent',
};

/**
 * What all events have is checked. What each has besides (file names, registry keys, traffic) is kept as it came: this
 * server answers no question about it, and a list of fields that is shorter than the sender's would lose them.
 */
function events(type: string) {
  return z.array(
    z.object({ type: z.literal(type), time: observedTime, process_id: z.int(), process_name: text }).catchall(open),
  );
}
const context = z.strictObject(
  Object.fromEntries(Object.entries(EVENT_TYPES).map(([list, type]) => [list, events(type).optional()])),
);

const dataTable = z.strictObject({
  columns: z.array(
    z.strictObject({
      name: text,
      type: z.enum(['observable', 'string', 'markdown', 'integer', 'number', 'url']),
      description: text.optional(),
      required: z.boolean().optional(),
      short_description: text.optional(),
    }),
  ),
  rows: z.array(z.array(open)),
  row_count: z.int().optional(),
});

export const sightingKind: Kind = {
  name: 'sighting',
  plural: 'sightings',
  schema: z.strictObject({
    ...base('sighting'),
    ...describable,
    ...sourcable,
    observed_time: observedTime,
    count: z.int().optional(),
    confidence: confidence.optional(),
    severity: severity.optional(),
    internal: z.boolean().optional(),
    resolution: text.optional(),
    sensor: text.optional(),
    sensor_coordinates: z.strictObject({ type: text, observables, os: text.optional() }).optional(),
    // A sighting without observables is valid.
    observables: observables.optional(),
    targets: z
      .array(z.strictObject({ type: text, observables, observed_time: observedTime, os: text.optional() }))
      .optional(),
    relations: z
      .array(
        z.strictObject({
          origin: text,
          origin_uri: text.optional(),
          relation: text,
          relation_info: openObject.optional(),
          source: observable,
          related: observable,
        }),
      )
      .optional(),
    data: dataTable.optional(),
    context: context.optional(),
    activity_interval: observedTime.optional(),
    detection_interval: observedTime.optional(),
    modification_interval: observedTime.optional(),
  }),
  rules: [
    ...BASE_RULES,
    ...DESCRIBABLE_RULES,
    ...SOURCABLE_RULES,
    ...INTERVALS.flatMap(period),
    natural('count'),
    short('resolution'),
    short('sensor'),
    ...period('targets[].observed_time'),
    ...uri('relations[].origin_uri'),
    natural('data.row_count'),
    ...Object.keys(EVENT_TYPES).flatMap((list) => period(`context.${list}[].time`)),
  ],
  inBulk: true,
  inBundle: true,
  fields: [
    ...[...GENERIC_NAMES, 'confidence', 'count', 'sensor'],
    ...INTERVALS.flatMap((interval) => [`${interval}.start_time`, `${interval}.end_time`]),
  ],
  sortNames: GENERIC_NAMES,
  searchFields: [...DESCRIBED_NAMES, 'observables.value', 'targets.observables.value'],
  filters: ['sensor', 'observables.type', 'observables.value', 'source'],
  metrics: {
    values: ['source', 'sensor', 'observables.type'],
    dates: ['timestamp', 'observed_time.start_time', 'observed_time.end_time'],
  },
  defaultSort: DEFAULT_SORT,
  realize: (submitted, previous) => ({
    count: submitted.count ?? previous?.count ?? 1,
    confidence: submitted.confidence ?? previous?.confidence ?? 'Unknown',
  }),
};
