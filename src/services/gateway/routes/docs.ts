import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { RouteModule } from '../app.ts';

/** What the page loads, from the package that brings it: nothing comes from elsewhere. */
const ASSETS: Readonly<Record<string, string>> = {
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'swagger-ui.css': 'text/css; charset=utf-8',
  'favicon-32x32.png': 'image/png',
};

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Holdfast API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="icon" href="/docs/favicon-32x32.png">
</head>
<body>
<div id="api"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`;

const START = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#api', deepLinking: true, persistAuthorization: false });
`;

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'";

/** The description of the API, for programs (/openapi.json) and for people (/docs). */
export const docsRoutes: RouteModule = (app) => {
  const anyone = { config: { access: 'anyone', limit: 'none' }, schema: { hide: true } } as const;
  let description: string | undefined;

  app.get('/openapi.json', anyone, async (_request, reply) => {
    description ??= JSON.stringify(app.swagger());
    return reply.type('application/json').header('cache-control', 'no-cache').send(description);
  });

  app.get('/docs', anyone, async (_request, reply) =>
    reply.type('text/html; charset=utf-8').header('content-security-policy', POLICY).send(PAGE),
  );
  // Where somebody looks first.
  app.get('/', { ...anyone, exposeHeadRoute: false }, async (_request, reply) => reply.redirect('/docs', 302));
  app.get('/docs/', { ...anyone, exposeHeadRoute: false }, async (_request, reply) => reply.redirect('/docs', 308));
  app.get('/docs/start.js', anyone, async (_request, reply) =>
    reply.type('text/javascript; charset=utf-8').send(START),
  );
  for (const [name, type] of Object.entries(ASSETS)) {
    app.get(`/docs/${name}`, anyone, async (_request, reply) => {
      const path = fileURLToPath(import.meta.resolve(`@fastify/swagger-ui/static/${name}`));
      return reply
        .type(type)
        .header('cache-control', 'public, max-age=86400')
        .send(await readFile(path));
    });
  }
};
