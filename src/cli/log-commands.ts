import type { Command } from 'commander';
import type { Act } from './incident-commands.ts';

/** What is done with logs and the rules that find attacks in them. */
export function addLogCommands(program: Command, incident: Command, act: Act): void {
  const collect = (value: string, before: string[]) => [...before, value];
  incident
    .command('from-log <file...>')
    .description(
      'attacks in access logs, by named rules: the incident and the blocks that they make; sends nothing without --send',
    )
    .option('--rules <dir>', 'rules of your own besides those shipped; may be said again', collect, [])
    .option('--window <duration>', 'how long a campaign is: attacks of one make one incident', '24h')
    .option(
      '--source <name>',
      'what this log is called (default: the name of the first file, without what rotation added)',
    )
    .option('--crawlers <file>', 'ranges that an operator of crawlers publishes; may be said again', collect, [])
    .option('--verify-crawlers', 'ask DNS whether an attacker is a crawler of a search engine', false)
    .option('--send', 'send the incident of each campaign, and block who is proposed, for a time', false)
    .option('--follow', 'go on reading what is written to the one file, and on from there after a restart', false)
    .option('--json', 'for programs', false)
    .action((files, options) =>
      act(options, async (session) => (await import('./incident-from-log.ts')).fromLog(session, files, options)),
    );
  const rules = program.command('rules').description('rules that find attacks in logs');
  rules
    .command('list')
    .description('all of them, with techniques and severity')
    .option('--rules <dir>', 'rules of your own besides those shipped; may be said again', collect, [])
    .option('--json', 'for programs', false)
    .action((options) => act(options, async (session) => (await import('./rules.ts')).list(session, options)));
  rules
    .command('test [dir...]')
    .description('run the tests that stand beside the rules, and hostile lines; without folders those shipped')
    .option('--json', 'for programs', false)
    .action((dirs, options) =>
      act(options, async (session) => (await import('./rules.ts')).test(session, dirs, options)),
    );
}
