import { shareWithWorkers } from '../jobs/share.ts';
import type { Condition } from '../notify/condition.ts';
import { TITLES } from '../notify/condition.ts';
import type { Message } from '../notify/message.ts';
import { hostOf, send } from '../notify/send.ts';
import { CommandRefused, EXIT, type Exit } from './exit.ts';
import { openTenant, type Session } from './session.ts';

/** `notify`: what people were told of and is not over. */
export async function standing(session: Session, { json }: { json: boolean }): Promise<Exit> {
  const tenant = await openTenant(session);
  const shared = await shareWithWorkers({ ...session.config, ...session, ...tenant });
  const conditions = (await shared?.conditions()) ?? [];
  const targets = session.config.notifyTargets.map(hostOf);
  if (json) session.print(JSON.stringify({ targets, conditions }, null, 2));
  else {
    session.print(`told: ${targets.join(', ') || 'nobody; set NOTIFY_URLS'}`);
    for (const { condition, since } of conditions) session.print(`${since} ${lineOf(condition)}`);
    if (conditions.length === 0) session.print('nothing stands');
  }
  return EXIT.done;
}

/** `notify test`: one message to each target, and what it answered. */
export async function test(session: Session): Promise<Exit> {
  const { config, clock, signal, print } = session;
  if (config.notifyTargets.length === 0)
    throw new CommandRefused(EXIT.usage, 'there is nobody to tell: set NOTIFY_URLS to the addresses of webhooks');
  const { owner, ctia } = await openTenant(session);
  const at = new Date(clock.now()).toISOString();
  const condition: Condition = {
    kind: 'held',
    about: 'test',
    text: 'nothing is held: this only shows that messages arrive',
  };
  const message: Message = { state: 'test', condition, owner, tenant: ctia.ctiaUrl, since: at, at };
  let exit: Exit = EXIT.done;
  for (const target of config.notifyTargets) {
    const sent = await send(target, message, signal);
    print(sent.is === 'sent' ? `${hostOf(target)} took it` : `failed: ${sent.message}`);
    if (sent.is !== 'sent') exit = EXIT.failed;
  }
  return exit;
}

function lineOf({ kind, text }: Condition): string {
  return `${TITLES[kind]}: ${text}`;
}
