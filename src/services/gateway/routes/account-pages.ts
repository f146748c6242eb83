import type { RouteModule } from '../app.ts';
import { RESET_PASSWORD, VERIFY_EMAIL } from '../pages/account-pages.ts';
import type { Page } from '../pages/page.ts';

const PAGES: Readonly<Record<string, Page>> = {
  '/verify-email': VERIFY_EMAIL,
  '/reset-password': RESET_PASSWORD,
};

/** Where links in mails lead, unless the application has pages of its own. */
export const accountPageRoutes: RouteModule = (app) => {
  for (const [url, { html, policy }] of Object.entries(PAGES)) {
    app.get(url, { config: { access: 'anyone' }, schema: { hide: true } }, async (_request, reply) =>
      reply
        .type('text/html; charset=utf-8')
        .header('content-security-policy', policy)
        .header('referrer-policy', 'no-referrer')
        .header('x-content-type-options', 'nosniff')
        .header('cache-control', 'no-cache')
        .send(html),
    );
  }
};
