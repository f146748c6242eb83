import type { Socket } from 'node:net';
import { meter } from '../../base/metrics.ts';
import type { Answered } from './request-log.ts';

const duration = meter.createHistogram('http.server.request.duration', {
  unit: 's',
  description: 'From the head of a request to the end of its answer.',
  advice: {
    explicitBucketBoundaries: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 300],
  },
});
const received = meter.createCounter('http.server.received', { unit: 'By', description: 'Bytes read from clients.' });
const sent = meter.createCounter('http.server.sent', { unit: 'By', description: 'Bytes written to clients.' });

/** What was counted of a connection that is used again. */
const counted = new WeakMap<Socket, { read: number; written: number }>();

/** Counts a request that is over. */
export function measureRequest({ method, route, status, duration: milliseconds }: Answered, socket: Socket): void {
  duration.record(milliseconds / 1000, {
    'http.request.method': method,
    'http.route': route ?? '',
    'http.response.status_code': status,
  });
  const before = counted.get(socket);
  const read = socket.bytesRead;
  const written = socket.bytesWritten;
  received.add(read - (before?.read ?? 0));
  sent.add(written - (before?.written ?? 0));
  if (!before) counted.set(socket, { read, written });
  else {
    before.read = read;
    before.written = written;
  }
}
