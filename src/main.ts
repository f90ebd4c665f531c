#!/usr/bin/env node
import { Command, CommanderError, Option } from 'commander';
import type { Exit } from './cli/exit.ts';
import type { Session } from './cli/session.ts';
import type { Flags } from './runtime/config.ts';

/**
 * The command line: one row for each command. A command's module is loaded only when it runs, so that --help is instant.
 * Exit status: 0 done, 1 problems in the input, 2 usage, 3 held, 4 CTIA, Redis or disk failed, 5 applied but not verified.
 */
const USAGE = 2;
const FAILED = 4;

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
    .option('--public-url <url>', 'by which others reach the embedded server, fixed at its first start (PUBLIC_URL)');
const waiting = (command: Command) => json(command.option('--wait', 'wait for the job and print its report', false));

listening(approval(program.command('up')))
  .description('start everything: Redis, embedded server or Cisco, workers, schedules; sync and stay')
  .option('--once', 'end after the first sync', false)
  .action((options) => stay(options, async (session) => (await import('./cli/up.ts')).up(session, options)));

json(program.command('check'))
  .description('parse and validate the lists; no network, no secrets')
  .action((options) => act(options, async (session) => (await import('./cli/check.ts')).check(session, options)));

json(program.command('plan'))
  .description('print what apply would change; change nothing')
  .action((options) => act(options, async (session) => (await import('./cli/apply.ts')).plan(session, options)));

json(approval(program.command('apply')))
  .description('plan, apply and verify in this process; needs no Redis')
  .action((options) => act(options, async (session) => (await import('./cli/apply.ts')).apply(session, options)));

program
  .command('work')
  .description('run workers and schedules (needs a Redis); several may run')
  .action((options) => stay(options, async (session) => (await import('./cli/up.ts')).work(session)));

const enqueue = program.command('enqueue').description('put a job into the queue');
waiting(approval(enqueue.command('sync')))
  .description('make the feeds hold what the lists say')
  .action(({ yes, force, digest, ...options }) =>
    put(options, 'sync', { ...(yes && { yes }), ...(force && { force }), ...(digest && { digest }) }),
  );
waiting(enqueue.command('add <value>'))
  .description('block one observable now, for a time')
  .requiredOption('--for <duration>', 'how long, for example 24h')
  .requiredOption('--reason <text>', 'why, for the one who asks later')
  .option('--type <type>', 'where it cannot be told from the value')
  .option('--channel <name>', 'default: firewall-block')
  .action((value, options) =>
    put(options, 'add', {
      value,
      for: options.for,
      reason: options.reason,
      type: options.type,
      channel: options.channel,
    }),
  );
waiting(enqueue.command('remove <value>'))
  .description('take back what add did; with --for let a listed value through')
  .option('--for <duration>', 'let it through for so long, although a list blocks it')
  .option('--reason <text>', 'why, for the one who asks later')
  .option('--type <type>', 'where it cannot be told from the value')
  .action((value, options) =>
    put(options, 'remove', { value, for: options.for, reason: options.reason, type: options.type }),
  );
waiting(enqueue.command('audit'))
  .description('read CTIA in full, compare, report; change nothing')
  .action((options) => put(options, 'audit', {}));

json(program.command('status'))
  .description('last run, applied commit, what is held, what lapses first')
  .action((options) => act(options, async (session) => (await import('./cli/status.ts')).status(session, options)));

json(program.command('feeds'))
  .description('the feeds to pull: title, entries, URL, verified at')
  .option('--show-secrets', 'whole URLs, with their secret', false)
  .action((options) => act(options, async (session) => (await import('./cli/feeds.ts')).feeds(session, options)));

json(program.command('doctor'))
  .description('what is right, what is wrong, and the next step')
  .action((options) => act(options, async (session) => (await import('./cli/doctor.ts')).doctor(session, options)));

listening(program.command('ctia'))
  .description('the embedded CTIA server alone')
  .option('--client-id <id>', 'of an API client to accept')
  .option('--client-password <password>', 'of that client')
  .action((options) => stay(options, async (session) => (await import('./cli/ctia.ts')).ctia(session, options)));

function put(
  options: { wait: boolean; json: boolean },
  name: 'sync' | 'add' | 'remove' | 'audit',
  payload: Record<string, unknown>,
): Promise<void> {
  return act(options, async (session) =>
    (await import('./cli/enqueue.ts')).enqueue(session, { name, wait: options.wait, json: options.json, payload }),
  );
}

type Run = (session: Session) => Promise<Exit>;

/** A command with one answer: its log says only what is wrong. */
const act = (flags: object, command: Run) => runCommand('warn', flags, command);
/** A command that stays and works: its log says what it does. */
const stay = (flags: object, command: Run) => runCommand('info', flags, command);

/** Opens a session, runs the command, closes what was opened in reverse order, and sets the exit status. */
async function runCommand(level: 'warn' | 'info', flags: object, command: Run): Promise<void> {
  const { makeSession } = await import('./cli/session.ts');
  const { exitOfError } = await import('./cli/exit.ts');
  const stop = new AbortController();
  let session: Session | undefined;
  onSignals(stop);
  try {
    session = makeSession(process.env, { ...program.opts<Flags>(), ...flags }, stop.signal, level);
    for (const hint of session.config.hints) console.error(`hint: ${hint}`);
    process.exitCode = await command(session);
  } catch (error) {
    // Asked to stop while it worked: it did, in order.
    if (stop.signal.aborted && error === stop.signal.reason) process.exitCode = 0;
    else process.exitCode = fail(error, exitOfError(error));
  }
  await session?.releases.releaseAll().catch((error: unknown) => {
    process.exitCode = fail(error, exitOfError(error));
  });
}

/** The first signal stops in order, the second at once. No SIGPIPE: Node ignores it, and a closed pipe is an error on write. */
function onSignals(stop: AbortController): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(FAILED);
      console.error('Stopping in order; once more stops at once.');
      stop.abort(new Error('stopped by a signal'));
    });
  }
}

/** A known failure is one message; anything else is a bug and shows where it happened. */
function fail(error: unknown, known: Exit | undefined): number {
  if (known !== undefined && error instanceof Error) console.error(`error: ${error.message}`);
  else console.error(error);
  return known ?? FAILED;
}

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? 0 : USAGE;
}
