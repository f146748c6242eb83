import { LOG_LEVELS, type LogLevel } from '../base/logger.ts';
import { isRange } from '../base/network.ts';
import { allOf, integer, oneOf, origin, setting, text, url } from './setting.ts';

/** Ranges that Fastify knows by name: those of this machine, of its link, and of private networks. */
const NAMED_RANGES = ['loopback', 'linklocal', 'uniquelocal'];

/** The public HTTP server. */
export const HTTP = {
  host: setting('HOST', '127.0.0.1', 'an address to listen on', text, 'Address that the HTTP server listens on.'),
  port: setting(
    'PORT',
    '8080',
    'a number from 0 to 65535',
    integer(0, 65535),
    'Port of the HTTP server; 0 takes a free one.',
  ),
  publicUrl: setting(
    'PUBLIC_URL',
    undefined,
    'an http(s) URL such as https://files.example.com',
    (value) => url('http', 'https')(value)?.replace(/\/+$/, ''),
    'Where clients reach the server; signed URLs point there. Default: as it listens.',
  ),
  trustProxy: setting(
    'TRUST_PROXY',
    '',
    'addresses, CIDR ranges such as 10.0.0.0/8, loopback, linklocal or uniquelocal, separated by commas',
    allOf((item) => NAMED_RANGES.includes(item) || isRange(item)),
    'Proxies whose `X-Forwarded-*` headers are believed.',
  ),
  corsOrigins: setting(
    'CORS_ORIGINS',
    '',
    'origins such as https://app.example.com, separated by commas, or *',
    (value) => (value.trim() === '*' ? ['*'] : allOf(origin)(value)),
    'Web origins that may call the API from a browser.',
  ),
  logLevel: setting(
    'LOG_LEVEL',
    'info',
    LOG_LEVELS.join(', '),
    oneOf<LogLevel>(...LOG_LEVELS),
    `The least that is logged: ${LOG_LEVELS.join(', ')}.`,
  ),
} as const;
