import { Command, Option } from 'commander';
import type { RequestName } from '../jobs/queues.ts';
import type { Flags } from '../runtime/config.ts';
import { execute } from './execute.ts';
import type { Exit } from './exit.ts';
import { addIncidentCommands } from './incident-commands.ts';
import { addLogCommands } from './log-commands.ts';
import type { Session } from './session.ts';

interface HandOptions {
  json: boolean;
  commit?: boolean;
  branch?: string;
  author?: string;
}

type Run = (session: Session) => Promise<Exit>;

/** One row for each command. A command's module is loaded only when it runs, so that --help is instant. */
export function makeProgram(env: NodeJS.ProcessEnv): Command {
  const program = new Command('ctim-feeds')
    .description(
      'Block lists as code: YAML lists in git become private intelligence with lifetimes, and feeds that firewalls pull.',
    )
    .version('0.1.0')
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .option('--feeds <dir>', 'folder of the lists (FEEDS_DIR, default: feeds)')
    .option('--data <dir>', 'folder for what we keep: Redis, the embedded server (DATA_DIR, default: data)')
    .addOption(
      new Option(
        '--log <how>',
        'what to log, joined by commas: error, warn, info or debug; pretty or json; file:PATH (CTIM_FEEDS_LOG, default: what is wrong, to stderr)',
      ),
    );

  const approval = (command: Command) =>
    command
      .option('--yes', 'approve the first plan for a tenant', false)
      .option('--force', 'approve a plan that is over a limit', false)
      .option('--digest <digest>', 'approve exactly the plan that was seen');
  const json = (command: Command) => command.option('--json', 'for programs', false);
  const listening = (command: Command) =>
    command
      .option('--port <port>', 'of the embedded server (default: 3000, then that of its first start)')
      .option(
        '--host <address>',
        'that the embedded server listens on (default: 127.0.0.1, then that of its first start)',
      )
      .option('--tls-cert <file>', 'certificate with its chain, PEM: the embedded server speaks TLS (TLS_CERT_FILE)')
      .option('--tls-key <file>', 'its key, PEM (TLS_KEY_FILE)')
      .option('--plain-http', 'listen beyond this machine without TLS, for a proxy in front (PLAIN_HTTP=true)')
      .option('--public-url <url>', 'by which others reach the embedded server, fixed at its first start (PUBLIC_URL)');
  const waiting = (command: Command) => json(command.option('--wait', 'wait for the job and print its report', false));

  listening(approval(program.command('up')))
    .description('start everything: Redis, embedded server or Cisco, workers, schedules; sync and stay')
    .option('--once', 'end after the first sync', false)
    .action((options) => stay(options, async (session) => (await import('./up.ts')).up(session, options)));

  json(program.command('check'))
    .description('parse and validate the lists; no network, no secrets')
    .option('--schema', 'print the JSON Schema of a list, for an editor, and end', false)
    .action((options) => act(options, async (session) => (await import('./check.ts')).check(session, options)));

  listening(json(program.command('plan')))
    .description('print what apply would change; change nothing')
    .option('--markdown', 'for a comment on a pull request, 60 kB at most', false)
    .option(
      '--against <log>',
      'count the successful requests of an access log that the change would have blocked (- is stdin)',
    )
    .action((options) => act(options, async (session) => (await import('./plan.ts')).plan(session, options)));

  listening(json(approval(program.command('apply'))))
    .description('plan, apply and verify in this process; needs no Redis')
    .action((options) => act(options, async (session) => (await import('./apply.ts')).apply(session, options)));

  program
    .command('work')
    .description('run workers and schedules (needs a Redis); several may run')
    .action((options) => stay(options, async (session) => (await import('./up.ts')).work(session)));

  // By hand, or by the workers through the queue: the same words.
  const adding = (command: Command) =>
    command
      .requiredOption('--for <duration>', 'how long, for example 24h')
      .requiredOption('--reason <text>', 'why, for the one who asks later')
      .option('--type <type>', 'where it cannot be told from the value')
      .option('--channel <name>', 'default: firewall-block')
      .option('--ticket <text>', 'the case that it belongs to')
      .option('--source-uri <uri>', 'where it is known from')
      .option('--force', 'although it is over a limit, or a firewall that pulls the feed does not read it');
  const removing = (command: Command) =>
    command
      .description('take back what add did; with --for let a listed value through')
      .option('--for <duration>', 'let it through for so long, although a list blocks it')
      .option('--carve-out', 'out of ranges that hold it too: they are published in parts around it for that time')
      .option('--reason <text>', 'why, for the one who asks later')
      .option('--type <type>', 'where it cannot be told from the value');
  const panicking = (command: Command) =>
    command
      .addOption(new Option('--empty', 'nothing is to be in its feeds').conflicts(['to', 'release']))
      .addOption(new Option('--to <commit>', 'what its lists wanted at this commit').conflicts(['release']))
      .option('--release', 'lift the hold, and publish what its lists want')
      .option('--reason <text>', 'why, for the one who asks later');

  const enqueue = program.command('enqueue').description('put a job into the queue');
  waiting(approval(enqueue.command('sync')))
    .description('make the feeds hold what the lists say')
    .action(({ yes, force, digest, ...options }) =>
      put(options, 'sync', { ...(yes && { yes }), ...(force && { force }), ...(digest && { digest }) }),
    );
  adding(waiting(enqueue.command('add <value>')))
    .description('block one observable now, for a time')
    .action((value, options) => put(options, 'add', addPayload(value, options)));
  removing(waiting(enqueue.command('remove <value>'))).action((value, options) =>
    put(options, 'remove', removePayload(value, options)),
  );
  panicking(waiting(enqueue.command('panic <channel>')))
    .description('empty a channel or put it back to a commit, and hold it; or lift the hold')
    .action((channel, options) => put(options, 'panic', panicPayload(channel, options)));
  waiting(enqueue.command('fetch'))
    .description('fetch the repository of the lists, and sync if its branch moved')
    .action((options) => put(options, 'fetch', {}));
  waiting(enqueue.command('pull [list]'))
    .description('ask the upstream of a list, or of all lists, for what it says now')
    .action((list, options) => put(options, 'pull', { list }));
  waiting(enqueue.command('guards'))
    .description('fetch the lists that guards go by')
    .action((options) => put(options, 'guards', {}));
  waiting(enqueue.command('renew'))
    .description('renew what would lapse; no list is read')
    .action((options) => put(options, 'renew', {}));
  waiting(enqueue.command('audit'))
    .description('read CTIA in full, compare, report; change nothing')
    .action((options) => put(options, 'audit', {}));

  const writingBack = (command: Command) =>
    json(command)
      .option('--commit', 'write it to the repository too, as a commit on a branch', false)
      .option('--branch <name>', 'that branch (default: adhoc/ and the value)')
      .option('--author <who>', '"Name <mail>" (default: as git is configured)');
  adding(writingBack(listening(program.command('add <value>'))))
    .description('block one observable now, for a time, whatever the lists or a held plan')
    .action((value, options) => hand(options, 'add', addPayload(value, options)));
  removing(writingBack(listening(program.command('remove <value>')))).action((value, options) =>
    hand(options, 'remove', removePayload(value, options)),
  );
  panicking(listening(json(program.command('panic <channel>'))))
    .description('empty a channel now or put it back to a commit, and hold it against every run; or lift the hold')
    .action((channel, options) => hand(options, 'panic', panicPayload(channel, options)));

  json(program.command('status'))
    .description('applied commit, last run and renewal, what is held, runway, drift, rate budget')
    .action((options) => act(options, async (session) => (await import('./status.ts')).status(session, options)));

  const notify = json(program.command('notify'))
    .description('what people were told of (NOTIFY_URLS) and is not over')
    .action((options) => act(options, async (session) => (await import('./notify.ts')).standing(session, options)));
  notify
    .command('test')
    .description('send one message to each of NOTIFY_URLS')
    .action((options) => act(options, async (session) => (await import('./notify.ts')).test(session)));

  json(program.command('why <value>'))
    .description('why it is blocked, or why not: lists, commit, feed, allows, guards, what others say')
    .action((value, options) =>
      act(options, async (session) => (await import('./why.ts')).why(session, value, options)),
    );

  const between = (command: Command) =>
    command
      .option('--since <time>', 'from then on: 2026-11-01, 2026-11-01T14:00Z, or 24h for so long ago')
      .option('--until <time>', 'up to then');
  const history = json(between(program.command('history [value]')))
    .description('every change of every run, newest first')
    .option('--run <id>', 'of one run')
    .option('--list <name>', 'of one list')
    .option('--feed <name>', 'of one channel or feed, such as firewall-block/ip')
    .action((value, options) =>
      act(options, async (session) => (await import('./history.ts')).history(session, value, options)),
    );
  between(history.command('export'))
    .description('all of it as JSON lines, for keeping elsewhere')
    .action((_, command) =>
      act(command.optsWithGlobals(), async (session) =>
        (await import('./history.ts')).exportHistory(session, command.optsWithGlobals()),
      ),
    );
  json(program.command('at <time> <value>'))
    .description('was it in a feed at that time, by which list and commit')
    .action((time, value, options) =>
      act(options, async (session) => (await import('./history.ts')).at(session, time, value, options)),
    );

  const upstreams = json(program.command('upstreams'))
    .description('remote lists: age, size, churn, health, last error, quarantine, next pull')
    .action((options) => act(options, async (session) => (await import('./upstreams.ts')).upstreams(session, options)));
  upstreams
    .command('show <list>')
    .description('print the newest answer that was not believed')
    .action((list, options) => act(options, async (session) => (await import('./upstreams.ts')).show(session, list)));
  upstreams
    .command('accept <list>')
    .description('believe the newest answer that was not believed')
    .action((list, options) => act(options, async (session) => (await import('./upstreams.ts')).accept(session, list)));

  const feeds = json(program.command('feeds'))
    .description('the feeds to pull: title, entries, URL, verified at')
    .option('--show-secrets', 'whole URLs, with their secret', false)
    .action((options) => act(options, async (session) => (await import('./feeds.ts')).feeds(session, options)));
  feeds
    .command('rotate <channel> [type]')
    .description('another URL for the same values, where one leaked; the former answers for a grace period')
    .option('--grace <duration>', 'how long the former answers; 0 ends it at once', '24h')
    // `--json` and `--show-secrets` are read by the command above this one.
    .action((channel, type, options, command) => {
      const all = { ...command.optsWithGlobals(), ...options };
      return act(all, async (session) => (await import('./feeds-rotate.ts')).rotateFeeds(session, channel, type, all));
    });

  const guards = json(program.command('guards'))
    .description('what guards go by: tables, fetched lists and their age, what is protected')
    .action((options) => act(options, async (session) => (await import('./guards.ts')).guards(session, options)));
  json(guards.command('test <value...>'))
    .description('what guards say of values on a block list; 1 where one is refused')
    .action((values, _, command: Command) => {
      // Its --json is taken by the command above it, which has one too.
      const options = command.optsWithGlobals<{ json: boolean }>();
      return act(options, async (session) => (await import('./guards.ts')).test(session, values, options));
    });
  json(guards.command('update'))
    .description('fetch the large lists (MISP, Tranco, public suffixes), for the workers too')
    .action((_, command: Command) => {
      const options = command.optsWithGlobals<{ json: boolean }>();
      return act(options, async (session) => (await import('./guards.ts')).update(session, options));
    });

  json(program.command('rename-owner <old>'))
    .description('what another owner published becomes this one’s, in place; the workers must be stopped')
    .option('--yes', 'do it; without it what would be done is printed', false)
    .action((old, options) =>
      act(options, async (session) => (await import('./rename-owner.ts')).renameOwnerFrom(session, old, options)),
    );

  json(program.command('doctor'))
    .description('what is right, what is wrong, and the next step')
    .action((options) => act(options, async (session) => (await import('./doctor.ts')).doctor(session, options)));

  json(program.command('adopt'))
    .description('what others made and keep in our feeds, and the list that takes it over; changes nothing')
    .option('--source <text>', 'only of this source, such as securex-orchestration')
    .option('--channel <name>', 'only in this channel (default: all)')
    .option('--yaml', 'print a list for them', false)
    .option('--write <file>', 'write that list into a new file')
    .action((options) => act(options, async (session) => (await import('./adopt.ts')).adopt(session, options)));

  const ctia = listening(program.command('ctia'))
    .description('the embedded CTIA server alone')
    .option('--client-id <id>', 'of an API client to accept')
    .option('--client-password <password>', 'of that client')
    .option('--rate-limit <n>', 'requests an hour for each organisation (default: no limit)')
    .option('--refresh-ms <ms>', 'how long a write stays invisible to reads, as with Cisco (default: 0)')
    .option('--seed <n>', 'of the order of results and of chance in faults')
    .option('--faults <file>', 'JSON list of faults, for rehearsals')
    .option('--fault-admin', 'let this machine give faults while it runs (/admin/faults)', false)
    .action((options) => stay(options, async (session) => (await import('./ctia.ts')).ctia(session, options)));
  ctia
    .command('move')
    .description('rewrite the public URL in all ids; the server must be stopped')
    // `--public-url` is read by the command above this one.
    .action((options, command) =>
      act({ ...command.optsWithGlobals(), ...options }, async (session) =>
        (await import('./ctia-store.ts')).move(session),
      ),
    );
  ctia
    .command('backup <file>')
    .description('copy the store into a new file, also while the server runs')
    .action((file, options) =>
      act(options, async (session) => (await import('./ctia-store.ts')).backup(session, file)),
    );
  const client = ctia.command('client').description('API clients of the embedded server, also while it runs');
  client
    .command('add')
    .description('make one, print its password once')
    .option('--login <login>', 'whom it acts as (default: its id)')
    .option('--org <org>', 'its organisation (default: local)')
    .option('--scopes <scopes>', 'joined by commas')
    .option('--key-file <file>', 'write id and password there, for its owner only')
    .action((options) =>
      act(options, async (session) => (await import('./ctia-store.ts')).addClient(session, options)),
    );
  client
    .command('list')
    .description('who may ask for a token')
    .action((options) => act(options, async (session) => (await import('./ctia-store.ts')).listClients(session)));
  client
    .command('remove <id>')
    .description('refuse it and its tokens from now on')
    .action((id, options) =>
      act(options, async (session) => (await import('./ctia-store.ts')).removeClient(session, id)),
    );
  addLogCommands(program, addIncidentCommands(program, act), act);
  return program;

  function hand(
    { json, commit = false, branch, author, ...options }: HandOptions,
    name: 'add' | 'remove' | 'panic',
    payload: Record<string, unknown>,
  ): Promise<void> {
    const writeBack = commit ? { branch, author } : undefined;
    return act(options, async (session) =>
      (await import('./by-hand.ts')).byHand(session, { name, payload, json, writeBack }),
    );
  }

  function addPayload(value: string, said: Record<string, unknown>) {
    const { for: duration, reason, type, channel, ticket, sourceUri, force } = said;
    return { value, for: duration, reason, type, channel, ticket, source_uri: sourceUri, force };
  }

  function removePayload(value: string, { for: duration, reason, type, carveOut }: Record<string, unknown>) {
    return { value, for: duration, reason, type, carveOut };
  }

  /** `--empty` and `--to` say the same thing. */
  function panicPayload(
    channel: string,
    { empty, to, release, reason }: { empty?: true; to?: string; release?: true; reason?: string },
  ): Record<string, unknown> {
    if (!empty && to === undefined && !release)
      program.error('error: say --empty, --to COMMIT or --release', { exitCode: 2 });
    return { channel, to: empty ? 'empty' : to, release, reason };
  }

  function put(
    options: { wait: boolean; json: boolean },
    name: RequestName,
    payload: Record<string, unknown>,
  ): Promise<void> {
    return act(options, async (session) =>
      (await import('./enqueue.ts')).enqueue(session, { name, wait: options.wait, json: options.json, payload }),
    );
  }

  /** A command with one answer: its log says only what is wrong. */
  function act(options: object, command: Run): Promise<void> {
    return run('warn', options, command);
  }

  /** A command that stays and works: its log says what it does. */
  function stay(options: object, command: Run): Promise<void> {
    return run('info', options, command);
  }

  async function run(level: 'warn' | 'info', options: object, command: Run): Promise<void> {
    process.exitCode = await execute({ env, level, flags: { ...program.opts<Flags>(), ...options } }, command);
  }
}
