import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** The file in which Cisco's own scripts expect the credentials of an API client: `name = value`, one a line. */
export interface Credentials {
  readonly id: string;
  readonly password: string;
}

export function writeKeyFile(file: string, { id, password }: Credentials, url: string): void {
  mkdirSync(dirname(file), { recursive: true });
  const lines = [
    `ctr_client_id = ${id}`,
    `ctr_client_password = ${password}`,
    `host = ${url}`,
    `host_for_token = ${url}`,
  ];
  // Never over a file that is there: it may hold somebody's key to Cisco.
  writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o600, flag: 'wx' });
}

/** Undefined where there is no file, or none of these lines in it. Quotes around a value are taken off. */
export function readKeyFile(file: string): (Credentials & { host: string | undefined }) | undefined {
  if (!existsSync(file)) return undefined;
  const values = new Map<string, string>();
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [, name, value] = /^\s*([a-z_]+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) values.set(name, value.replace(/^(["'])(.*)\1$/, '$2'));
  }
  const id = values.get('ctr_client_id');
  const password = values.get('ctr_client_password');
  return id === undefined || password === undefined ? undefined : { id, password, host: values.get('host') };
}
