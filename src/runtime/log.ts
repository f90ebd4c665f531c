import { pino } from 'pino';

export type Log = pino.Logger;

/** Field names whose value never reaches a log, at the top and one level down. */
const SECRET_FIELDS = [
  'password',
  'client_password',
  'clientPassword',
  'secret',
  'token',
  'access_token',
  'authorization',
];

/** The secret of a feed URL (`?s=<uuid>`) and bearer tokens, wherever a text carries them. */
const SECRET_TEXT = /([?&]s=)[^&\s"']+|(Bearer |Basic )[A-Za-z0-9._~+/=-]+/g;

export function maskSecrets(text: string): string {
  return text.replace(SECRET_TEXT, (_, query?: string, scheme?: string) => `${query ?? scheme}…`);
}

export interface LogOptions {
  level: 'silent' | 'error' | 'warn' | 'info' | 'debug';
  /** A file to append to, or stderr where there is none. */
  file?: string;
  /** Lines for people instead of JSON. */
  pretty: boolean;
}

export function makeLog({ level, file, pretty }: LogOptions): Log {
  const options: pino.LoggerOptions = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`]), censor: '…' },
    hooks: {
      // Redaction by path cannot see a secret inside a URL or an error's text, so the finished line is masked too.
      streamWrite: maskSecrets,
    },
  };
  if (pretty) {
    const target = { target: 'pino-pretty', options: { destination: file ?? 2, mkdir: true, sync: true } };
    return pino({ ...options, transport: target });
  }
  return pino(options, pino.destination({ dest: file ?? 2, mkdir: true, sync: true }));
}

export const silentLog: Log = pino({ level: 'silent' });
