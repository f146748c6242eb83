import { HoldfastError } from '../../../base/errors.ts';
import type { App } from '../app.ts';

/**
 * Leaves the bodies of all routes of this scope unread, whatever their type: handlers read them as they come. What was
 * compressed for the way (Content-Encoding) is refused, as it would be kept so.
 */
export function leaveBodiesUnread(app: App): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (request, _payload, done) => {
    const encoding = request.headers['content-encoding'] ?? 'identity';
    if (encoding.toLowerCase() === 'identity') done(null);
    else done(new HoldfastError('unsupported_media_type', 'Send the bytes as they are, without Content-Encoding.'));
  });
}
