import { type Command, Option } from 'commander';
import type { Exit } from './exit.ts';
import { SHOWN_AS } from './incident-forms.ts';
import type { Session } from './session.ts';

/** Runs a command of one answer, with the flags that it was given. */
export type Act = (options: object, run: (session: Session) => Promise<Exit>) => Promise<void>;

/** The rows of the other half of the model: incidents, sightings, judgements, verdicts. Gives `incident`, below which there are more. */
export function addIncidentCommands(program: Command, act: Act): Command {
  const json = (command: Command) => command.option('--json', 'for programs', false);
  const yes = (command: Command) => command.option('--yes', 'do not ask', false);
  const force = (command: Command, what: string) => command.option('--force', what, false);

  const incident = program.command('incident').description('incidents with their sightings and evidence');
  json(incident.command('create'))
    .description('all of one incident as a bundle: checked, split where it is large, nothing made twice')
    .requiredOption('-f, --file <file>', 'YAML or JSON: an incident with its sightings, or a CTIM bundle (- is stdin)')
    .action((options) =>
      act(options, async (session) => (await import('./incident-create.ts')).createIncident(session, options)),
    );
  json(incident.command('list'))
    .description('incidents of this organisation, those opened last first')
    .option('--status <status>', 'such as New, Open, or "Open: Contained"; Open is all that begin so')
    .option('--severity <severity>', 'Critical, High, …')
    .option('--source <source>', 'who made them')
    .option('--critical', 'severity Critical', false)
    .option('--all', 'also what other organisations let us read', false)
    .action((options) =>
      act(options, async (session) => (await import('./incident-list.ts')).listIncidents(session, options)),
    );
  incident
    .command('show <id>')
    .description('its timeline, what was seen, verdicts')
    .option('--json', 'as --format json', false)
    .addOption(new Option('--format <format>', 'how').choices(SHOWN_AS).default('table'))
    .action((id, options) =>
      act(options, async (session) =>
        (await import('./incident-show.ts')).showIncident(session, id, options.json ? 'json' : options.format),
      ),
    );
  force(json(incident.command('status <id> <new>')), 'although others made it')
    .description('set its status; the times that follow from it are set too')
    .action((id, to, options) =>
      act(options, async (session) => (await import('./incident-change.ts')).setStatus(session, id, to, options)),
    );
  json(incident.command('link <id> <what...>'))
    .description('relate sightings, judgements, indicators, a casebook or an investigation to it, by their ids')
    .option('--as <type>', 'the relationship (default: member-of for sightings, related-to for all else)')
    .action((id, whats, options) =>
      act(options, async (session) =>
        (await import('./incident-change.ts')).linkToIncident(session, id, whats, options),
      ),
    );
  force(yes(json(incident.command('delete <id>'))), 'also what others made')
    .description('it and what hangs on it, after showing what that is')
    .action((id, options) =>
      act(options, async (session) => (await import('./incident-delete.ts')).deleteIncident(session, id, options)),
    );
  json(incident.command('copy <id>'))
    .description('it and all its objects into another tenant or server')
    .requiredOption('--to <keys file>', 'that tenant, as keys/ctr_api_keys.txt says one')
    .option('--to-owner <owner>', 'whose it is to be there (default: the same)')
    .action((id, options) =>
      act(options, async (session) => (await import('./incident-copy.ts')).copyIncident(session, id, options)),
    );

  json(program.command('verdict [value...]'))
    .description(
      'what the tenant says of each value, by whom, and who says otherwise (without values: one a line from stdin)',
    )
    .action((values, options) =>
      act(options, async (session) => (await import('./verdict.ts')).verdict(session, values, options)),
    );
  json(program.command('inspect <file>'))
    .description('the observables in a text or a log (hxxp and [.] undone), and their verdicts (- is stdin)')
    .option('--judged', 'only those that somebody judged', false)
    .action((file, options) =>
      act(options, async (session) => (await import('./inspect.ts')).inspect(session, file, options)),
    );

  const which = (command: Command) =>
    command
      .option('--value <value>', 'on this observable, whole: 203.0.113.7, or hostname:web-1')
      .option('--type <type>', 'on observables of this type')
      .option('--source <source>', 'who says so')
      .option('--disposition <name>', 'Malicious, Clean, …')
      .option('--list <name>', 'made for this list of ours')
      .option('--expiring <duration>', 'that end within it: 24h, 7d')
      .option('--all', 'also those of other organisations', false);
  const judgements = program.command('judgements').description('single opinions on observables, whoever made them');
  which(json(judgements.command('list')))
    .description('those that have not ended')
    .option('--ended', 'also those that have', false)
    .addOption(new Option('--format <format>', 'how').choices(['table', 'json', 'csv', 'values']).default('table'))
    .action((options) =>
      act(options, async (session) => (await import('./judgements-list.ts')).listJudgements(session, options)),
    );
  json(judgements.command('show <id>'))
    .description('all that one says, and what it is related to')
    .action((id, options) =>
      act(options, async (session) => (await import('./judgements-list.ts')).showJudgement(session, id, options)),
    );
  json(judgements.command('create [value...]'))
    .description('an opinion for the verdict alone: it is in no feed, and no sync renews it')
    .option('-f, --file <file>', 'judgements as YAML or JSON (- is stdin)')
    .option('--disposition <name>', 'Malicious, Suspicious, Clean, Common or Unknown')
    .option('--reason <text>', 'why')
    .option('--for <duration>', 'how long it counts', '30d')
    .option('--source <source>', 'who says so (default: the owner)')
    .option('--priority <n>', 'of a verdict (default: 100, a human’s word)')
    .option('--severity <severity>', 'Info, Low, Medium, High, Critical')
    .option('--confidence <confidence>', 'Info, Low, Medium, High')
    .option('--tlp <tlp>', 'who may read it (default: amber)')
    .option('--external-id <id>', 'by which it is the same thing when it is sent again')
    .action((values, options) =>
      act(options, async (session) =>
        (await import('./judgements-create.ts')).createJudgements(session, values, options),
      ),
    );
  const changing = (command: Command) => force(yes(json(which(command))), 'also what lists hold, and what others made');
  changing(judgements.command('delete [id...]'))
    .description('by id or by filters, after showing which; not what lists hold: remove does that')
    .action((ids, options) =>
      act(options, async (session) => (await import('./judgements-remove.ts')).deleteJudgements(session, ids, options)),
    );
  changing(judgements.command('expire [id...]'))
    .description('end them now; they stay to be read')
    .requiredOption('--reason <text>', 'why; it is appended to what they say')
    .action((ids, options) =>
      act(options, async (session) => (await import('./judgements-remove.ts')).expireJudgements(session, ids, options)),
    );

  const sighting = program.command('sighting').description('what was seen, of an incident or by itself');
  json(sighting.command('create'))
    .description('one by flags, or as many as a file holds; nothing is made twice')
    .option('-f, --file <file>', 'YAML or JSON: a sighting, a list of them, or a bundle (- is stdin)')
    .option('--incident <id>', 'what they are member-of')
    .option('--observed <time>', 'when it was seen: 2026-11-25T08:00:00Z')
    .option('--until <time>', 'when it was seen last')
    .option('--observable <value...>', '203.0.113.7, evil.example, a hash, hostname:web-1, user:ada')
    .option('--target <what...>', 'what was done to: 192.0.2.10, or endpoint.server=192.0.2.10,hostname:web-1')
    .option('--relation <words...>', '"203.0.113.7 Connected_To 192.0.2.10"')
    .option('--sensor <sensor>', 'who saw it, such as network.ids')
    .option('--sensor-observable <value...>', 'where that is')
    .option('--title <text>')
    .option('--description <text>')
    .option('--severity <severity>')
    .option('--confidence <confidence>')
    .option('--count <n>', 'how often (default: 1)')
    .option('--resolution <word>', 'detected, blocked, allowed or contained')
    .option('--internal', 'it was seen within')
    .option('--source <source>', 'who says so (default: the owner)')
    .option('--source-uri <uri>')
    .option('--tlp <tlp>', 'who may read it (default: amber)')
    .option('--external-id <id...>', 'by which it is the same thing when it is sent again')
    .action((options) =>
      act(options, async (session) => (await import('./sighting-create.ts')).createSightings(session, options)),
    );
  json(sighting.command('list'))
    .description('those of this organisation, the newest first')
    .option('--observable <value>', 'in which it was seen, whole')
    .option('--source <source>', 'who says so')
    .option('--sensor <sensor>', 'who saw it')
    .option('--since <time>', 'seen then or later')
    .option('--until <time>', 'seen before then')
    .option('--all', 'also what other organisations let us read', false)
    .action((options) =>
      act(options, async (session) => (await import('./sightings.ts')).listSightings(session, options)),
    );
  json(sighting.command('show <id>'))
    .description('all that one says, what it belongs to, verdicts')
    .action((id, options) =>
      act(options, async (session) => (await import('./sightings.ts')).showSighting(session, id, options)),
    );
  force(yes(json(sighting.command('delete <id...>'))), 'also what others made')
    .description('with the relationships that begin at them, after showing which')
    .action((ids, options) =>
      act(options, async (session) => (await import('./sightings.ts')).deleteSightings(session, ids, options)),
    );
  return incident;
}
