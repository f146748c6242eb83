import { describe, expect, it } from 'vitest';
import { addressOf, parseTarget } from './target.ts';

describe('parseTarget', () => {
  it('takes what RabbitMQ takes from its own machine where nothing is said', () => {
    expect(parseTarget('amqp://localhost')).toEqual({
      server: { protocol: 'amqp', hostname: 'localhost', port: 5672, username: 'guest', password: 'guest', vhost: '/' },
      tls: {},
      prefix: 'holdfast',
    });
  });

  it('takes user, virtual host and prefix', () => {
    const { server, prefix } = parseTarget('amqp://me:p%40ss@host:5673/team%2Fa?prefix=files');
    expect(server).toMatchObject({ port: 5673, username: 'me', password: 'p@ss', vhost: 'team/a' });
    expect(prefix).toBe('files');
  });

  it('speaks TLS where it is told to', () => {
    const target = parseTarget('amqps://host');
    expect(target.tls).toEqual({ servername: 'host' });
    expect(addressOf(target)).toBe('host:5671');
  });

  it.each([
    ['amqp://', 'BROKER_URL'],
    ['amqp://one?prefix=', 'the prefix'],
    ['amqp://one?heartbeats=5', 'no parameter "heartbeats"'],
    ['amqp://me:geheim%zz@one', 'a % that'],
    ['amqps://me:geheim@one?ca=/no/such/file', 'the file of "ca"'],
  ])('refuses %s, without its password', (url, reason) => {
    expect(() => parseTarget(url)).toThrow(reason);
    expect(() => parseTarget(url)).toThrow(/^BROKER_URL: (?!.*geheim)/);
  });
});
