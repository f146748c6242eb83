import { expect, test } from 'vitest';
import { ConfigError, readConfig } from '../config.ts';
import { ALL_SERVICES, type Served } from './house.ts';
import { planFor } from './plan.ts';

const APART = {
  DATABASE_URL: 'postgres://localhost/holdfast',
  STORAGE_URL: 's3://bucket',
  BROKER_URL: 'nats://localhost',
  JWT_SECRET: 'a secret that is long enough to be one',
  TLS_CA: 'ca.pem',
  TLS_CERT: 'cert.pem',
  TLS_KEY: 'cert.key',
};

function problems(environment: Record<string, string>, ...services: Served[]): string[] {
  try {
    planFor(readConfig(environment), services);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map((problem) => problem.split(':')[0] as string);
  }
}

test('all services in one process call nobody elsewhere, and stand on every driver', () => {
  const plan = planFor(readConfig({ FILES_URL: 'files' }), ALL_SERVICES);
  expect(plan.apart).toBe(false);
  expect([...plan.elsewhere]).toEqual([]);
  expect([...plan.drivers].sort()).toEqual(['broker', 'database', 'mail', 'objects']);
});

test('a service alone needs the drivers that it stands on, and the services that it calls', () => {
  const urls = { AUTH_URL: 'auth', FILES_URL: 'files-1:9001,files-2:9002', STORAGE_SERVICE_URL: 'storage:9003' };
  const of = (...services: Served[]) => {
    const { drivers, elsewhere, apart } = planFor(readConfig({ ...APART, ...urls }), services);
    return { drivers: [...drivers].sort(), elsewhere: [...elsewhere.keys()].sort(), apart };
  };
  expect(of('gateway')).toEqual({ drivers: ['objects'], elsewhere: ['auth', 'files'], apart: true });
  expect(of('files')).toEqual({ drivers: ['broker', 'database'], elsewhere: ['storage'], apart: true });
  expect(of('files', 'storage')).toEqual({ drivers: ['broker', 'database', 'objects'], elsewhere: [], apart: true });
  expect(of('processor')).toEqual({ drivers: ['broker', 'objects'], elsewhere: ['files'], apart: true });
  const withClients = planFor(readConfig({ ...APART, ...urls, GRPC_CLIENTS: 'billing' }), ['files']);
  expect([...withClients.elsewhere.keys()].sort()).toEqual(['auth', 'storage']);
  expect(of('notifier', 'gateway').drivers).toEqual(['broker', 'database', 'mail', 'objects']);
  const { elsewhere } = planFor(readConfig({ ...APART, ...urls }), ['janitor']);
  expect(elsewhere.get('files')).toEqual([
    { host: 'files-1', port: 9001 },
    { host: 'files-2', port: 9002 },
  ]);
});

test('what only one process can do is refused when there are several, all of it at once', () => {
  expect(problems({}, 'files')).toEqual([
    'DATABASE_URL',
    'BROKER_URL',
    'JWT_SECRET',
    'TLS_CA, TLS_CERT and TLS_KEY',
    'STORAGE_SERVICE_URL',
  ]);
  expect(problems({}, 'gateway')).toEqual([
    'STORAGE_URL',
    'JWT_SECRET',
    'TLS_CA, TLS_CERT and TLS_KEY',
    'AUTH_URL',
    'FILES_URL',
  ]);
  const onDisk = { ...APART, FILES_URL: 'files', STORAGE_URL: 'file:///srv/objects' };
  expect(problems(onDisk, 'storage')).toEqual(['PUBLIC_URL']);
  expect(problems({ ...onDisk, PUBLIC_URL: 'https://files.example.com' }, 'storage')).toEqual([]);
  expect(problems({ ...APART, FILES_URL: 'files' }, 'storage')).toEqual([]);
  expect(problems({ ...APART, AUTH_URL: 'auth', FILES_URL: 'files' }, 'notifier')).toEqual(['PUBLIC_URL']);
});
