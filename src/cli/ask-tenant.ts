import { existsSync } from 'node:fs';
import type { CtiaClient } from '../ctia/client.ts';
import { isCtiaError } from '../ctia/error.ts';
import { feedKey } from '../ctim/feed.ts';
import { DISPOSITIONS } from '../ctim/judgement.ts';
import type { Observable, ObservableType } from '../ctim/observable.ts';
import type { Journal } from '../jobs/journal.ts';
import { journalsWithoutToken } from '../jobs/journal-elsewhere.ts';
import { RedisError } from '../jobs/redis-connection.ts';
import { type Shared, shareWithWorkers } from '../jobs/share.ts';
import type { Settings } from '../lists/settings.ts';
import { judgementsOn, type KnownFeed } from '../why/judgements.ts';
import type { WhyFacts } from '../why/known.ts';
import { exitOfError } from './exit.ts';
import { journalsOf } from './history.ts';
import { knownFeeds } from './known-feeds.ts';
import { embeddedFolder, openTenant, readOwner, type Session, type Tenant } from './session.ts';
import { askingClient } from './tenant-client.ts';

/** Why nobody was asked, for a person. */
interface NotAsked {
  readonly notAsked: string;
}

type Answers = Pick<WhyFacts, 'now' | 'feeds' | 'judgements' | 'views' | 'verdict' | 'applied' | 'notices'>;

/** What stands for the answers where there are none. */
export const NOT_ASKED: Omit<Answers, 'now' | 'notices'> = {
  ...{ feeds: [], judgements: [], views: new Map(), verdict: undefined, applied: undefined },
};

/** The tenant, with a token in hand; where there is none to be had, why. */
export async function openIfAny(session: Session): Promise<Tenant | NotAsked> {
  const { config } = session;
  const { dataDir } = embeddedFolder(config);
  if (config.tenant.kind === 'embedded' && !existsSync(dataDir))
    return { notAsked: `no API client is set here, and there is no embedded server in ${dataDir}` };
  return orNotAsked(() => openTenant(session));
}

/** What a tenant says of one value: feeds, judgements, the views in which something wider may stand, the verdict. */
export async function askTenant(
  session: Session,
  tenant: Tenant,
  observable: Observable,
  { channels }: Settings,
): Promise<Answers | NotAsked> {
  return orNotAsked(async () => {
    const client = askingClient(session, tenant);
    const self = { owner: tenant.owner, organisation: (await client.identity()).organisation };
    const { feeds, state, notices } = await knownFeeds(client, self, [...channels.values()]);
    const { judgements, foreignLeftOut } = await judgementsOn(client, self, observable, feeds);
    const views = await viewsFor(client, observable, feeds);
    const verdict = await client.verdictOn(observable);
    const leftOut = foreignLeftOut > 0 ? [`${foreignLeftOut} more judgements of others are not shown`] : [];
    return {
      ...{ now: client.serverNow(), feeds, judgements, views: views.values },
      verdict: verdict && { disposition: DISPOSITIONS[verdict.disposition], judgement: verdict.judgement_id },
      applied: state && { revision: state.revision, at: state.writtenAt },
      notices: [...notices, ...views.notices, ...leftOut],
    };
  });
}

/** Journals, and what workers share; of a Redis that does not answer that is said, and what lies in files is there. */
export async function openKept(
  session: Session,
  tenant: Tenant | NotAsked,
): Promise<{ journals: readonly Journal[]; shared: Shared | undefined; notices: readonly string[] }> {
  const { config } = session;
  const notices: string[] = [];
  const orNotice = async <T>(open: () => Promise<T>) => {
    try {
      return await open();
    } catch (error) {
      if (!(error instanceof RedisError)) throw error;
      notices.push(
        `${error.message}. Until then what workers wrote into the journal is not known, nor whether a plan is held`,
      );
      return undefined;
    }
  };
  if (!('notAsked' in tenant)) {
    const shared = await orNotice(() => shareWithWorkers({ ...config, ...session, ...tenant }));
    return { journals: await journalsOf(session, tenant.ctia, tenant.owner, shared?.journal), shared, notices };
  }
  const owner = await orNotAsked(() => readOwner(session, config.tenant.kind === 'embedded'));
  if (typeof owner !== 'string' || config.tenant.kind === 'embedded')
    return { journals: [], shared: undefined, notices };
  const whose = { ctiaUrl: config.tenant.ctiaUrl, owner };
  const journals = await orNotice(() => journalsWithoutToken({ ...config, ...session }, whose));
  return { journals: journals ?? [], shared: undefined, notices };
}

/** A failure that the command would end with; a bug still is one. */
async function orNotAsked<T>(ask: () => Promise<T>): Promise<T | NotAsked> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof Error) || error instanceof RedisError || exitOfError(error) === undefined) throw error;
    return { notAsked: error.message };
  }
}

/** In which feeds something may stand that contains it. */
const WIDER_IN: Partial<Record<ObservableType, readonly ObservableType[]>> = {
  ip: ['ip'],
  ipv6: ['ipv6'],
  domain: ['domain'],
  url: ['domain', 'ip', 'ipv6'],
};

/** A view needs no token and takes nothing from the quota. */
async function viewsFor(client: CtiaClient, { type: asked }: Observable, feeds: readonly KnownFeed[]) {
  const values = new Map<string, Observable[]>();
  const notices: string[] = [];
  for (const feed of feeds) {
    const { type, viewUrl } = feed;
    if (viewUrl === undefined || !(WIDER_IN[asked] ?? []).includes(type)) continue;
    try {
      values.set(
        feedKey(feed),
        (await client.view(viewUrl)).map((value) => ({ type, value })),
      );
    } catch (error) {
      if (!isCtiaError(error)) throw error;
      notices.push(
        `the view of ${feedKey(feed)} cannot be read, so that what contains this value there is not known: ${error.message}`,
      );
    }
  }
  return { values, notices };
}
