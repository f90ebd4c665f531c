import { randomBytes, timingSafeEqual } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Ctia } from './ctia.ts';
import { faultList, readFaults } from './fault-list.ts';
import type { FaultPlan } from './faults.ts';
import { type Operation, operation } from './operation.ts';
import { Refusal } from './refusal.ts';
import { parseOrRefuse } from './schema-error.ts';

/**
 * What the command line asks of a server that holds the store. Whoever can read a file of the data folder could read the
 * store as well, so that file's secret is the key; it is made anew at each start.
 */
export function adminSecretFile(dataDir: string): string {
  return join(dataDir, 'admin-secret');
}

export function adminSecret(dataDir: string): string {
  return readFileSync(adminSecretFile(dataDir), 'utf8');
}

const newClient = z.strictObject({
  login: z.string().min(1).optional(),
  org: z.string().min(1).optional(),
  scopes: z.array(z.string().min(1)).optional(),
});

const client = z.strictObject({ id: z.string(), login: z.string(), org: z.string(), scopes: z.array(z.string()) });
const faultsLeft = z.strictObject({ left: z.int() });
/** It asks for no secret, and nobody but this machine gets through. */
const FAULTS = { access: 'open', refuses: [403] } as const;

const told = (summary: string, more: Partial<Operation> = {}) =>
  operation({ tag: 'admin', summary, access: 'admin', ...more });

export function adminRoutes(app: FastifyInstance, ctia: Ctia, dataDir: string): void {
  const secret = randomBytes(32).toString('base64url');
  // The mode counts only where the file is new.
  rmSync(adminSecretFile(dataDir), { force: true });
  writeFileSync(adminSecretFile(dataDir), secret, { mode: 0o600, flag: 'wx' });
  const guard = (request: FastifyRequest) => {
    const given = Buffer.from(request.headers.authorization ?? '');
    const wanted = Buffer.from(`Bearer ${secret}`);
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
      throw new Refusal(401, { error: 'not_authenticated', message: 'The secret of the data folder is asked for' });
    }
  };
  app.get('/admin/clients', told('The API clients', { answer: z.array(client) }), (request, reply) => {
    guard(request);
    return reply.send(ctia.clients.all());
  });
  app.post(
    '/admin/clients',
    told('Make one', { body: newClient, status: 201, answer: client.extend({ password: z.string() }) }),
    (request, reply) => {
      guard(request);
      const { login, org, scopes } = parseOrRefuse(newClient, request.body);
      const said = { ...(login && { login }), ...(org && { org }), ...(scopes && { scopes }) };
      return reply.code(201).header('Cache-Control', 'no-store').send(ctia.clients.add(said));
    },
  );
  app.delete<{ Params: { id: string } }>(
    '/admin/clients/:id',
    told('Refuse one from now on', { status: 204 }),
    (request, reply) => {
      guard(request);
      if (!ctia.clients.remove(request.params.id)) throw new Refusal(404, { error: 'no such client' });
      return reply.code(204).send();
    },
  );
}

const LOOPBACK = /^(?:127\.|::1$|::ffff:127\.)/;

/** Only where somebody asked for it at the start, and only for this machine: it makes the server misbehave. */
export function faultRoutes(app: FastifyInstance, faults: FaultPlan): void {
  const guard = (request: FastifyRequest) => {
    if (!LOOPBACK.test(request.socket.remoteAddress ?? '')) throw new Refusal(403, { error: 'from this machine only' });
  };
  app.get('/admin/faults', told('Faults that are left', { ...FAULTS, answer: faultsLeft }), (request, reply) => {
    guard(request);
    return reply.send({ left: faults.left });
  });
  app.post(
    '/admin/faults',
    told('More faults', { ...FAULTS, refuses: [400, 403, 413], body: faultList, status: 201, answer: faultsLeft }),
    (request, reply) => {
      guard(request);
      const read = readFaults(request.body);
      if ('problems' in read) throw new Refusal(400, { errors: read.problems });
      faults.push(...read.faults);
      return reply.code(201).send({ left: faults.left });
    },
  );
  app.delete('/admin/faults', told('No more faults', { ...FAULTS, status: 204 }), (request, reply) => {
    guard(request);
    faults.clear();
    return reply.code(204).send();
  });
}
