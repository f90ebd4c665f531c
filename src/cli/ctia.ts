import { startEmbeddedCtia } from '../embedded-ctia/server.ts';
import { CommandRefused, EXIT, type Exit } from './exit.ts';
import { embeddedFolder, type Session, untilAborted } from './session.ts';

/** `ctia`: the embedded server alone, for a team that has no Cisco account and workers on other machines. */
export async function ctia(
  session: Session,
  options: { clientId: string | undefined; clientPassword: string | undefined },
): Promise<Exit> {
  const { config, clock, log, releases, signal } = session;
  const { clientId: id, clientPassword: password } = options;
  if ((id === undefined) !== (password === undefined)) {
    throw new CommandRefused(EXIT.usage, 'an API client is --client-id and --client-password together');
  }
  const { dataDir, keyFile } = embeddedFolder(config);
  const client = id !== undefined && password !== undefined ? { client: { id, password } } : {};
  const server = await startEmbeddedCtia({ ...config.listen, ...client, dataDir, keyFile, clock, log });
  releases.add('embedded CTIA', () => server.close());
  session.print(
    `Embedded CTIA at ${server.url}; ${id === undefined ? `the API client is in ${keyFile}` : `API client ${id}`}; Ctrl-C stops it.`,
  );
  await untilAborted(signal);
  return EXIT.done;
}
