import { describe, expect, it } from 'vitest';
import { addressesOf, parseTarget } from './target.ts';

describe('parseTarget', () => {
  it('takes what RabbitMQ takes from its own machine where nothing is said', () => {
    expect(parseTarget('amqp://localhost')).toEqual({
      servers: [{ hostname: 'localhost', port: 5672 }],
      username: 'guest',
      password: 'guest',
      vhost: '/',
      tls: undefined,
      prefix: 'holdfast',
    });
  });

  it('takes user, virtual host and prefix', () => {
    expect(parseTarget('amqp://me:p%40ss@host:5673/team%2Fa?prefix=files')).toMatchObject({
      servers: [{ hostname: 'host', port: 5673 }],
      username: 'me',
      password: 'p@ss',
      vhost: 'team/a',
      prefix: 'files',
    });
  });

  it('takes the servers of a cluster', () => {
    const target = parseTarget('amqp://me:secret@one,two:5673,[::1]:7/team?prefix=files');
    expect(target).toMatchObject({ username: 'me', password: 'secret', vhost: 'team', prefix: 'files' });
    expect(addressesOf(target)).toEqual(['one:5672', 'two:5673', '[::1]:7']);
  });

  it('speaks TLS where it is told to', () => {
    const target = parseTarget('amqps://host');
    expect(target.tls).toEqual({ ca: undefined });
    expect(addressesOf(target)).toEqual(['host:5671']);
  });

  it.each([
    ['amqp://', 'BROKER_URL'],
    ['amqp://me:geheim@one,,two', 'BROKER_URL'],
    ['amqp://me:geheim@one:99999', 'not a URL'],
    ['amqp:me:geheim@one', 'not a URL'],
    ['amqp://one?prefix=', 'the prefix'],
    ['amqp://one?heartbeats=5', 'no parameter "heartbeats"'],
    ['amqp://me:geheim%zz@one', 'a % that'],
    ['amqps://me:geheim@one?ca=/no/such/file', 'the file of "ca"'],
  ])('refuses %s, without its password', (url, reason) => {
    expect(() => parseTarget(url)).toThrow(reason);
    expect(() => parseTarget(url)).toThrow(/^BROKER_URL: (?!.*geheim)/);
  });
});
