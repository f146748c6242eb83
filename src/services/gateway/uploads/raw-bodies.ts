import type { App } from '../app.ts';

/** Leaves the bodies of all routes of this scope unread, whatever their type: handlers read them as they come. */
export function leaveBodiesUnread(app: App): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
}
