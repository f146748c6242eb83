import { hash } from 'node:crypto';

interface Content {
  readonly title: string;
  /** HTML. */
  readonly body: string;
  /** Runs after `SHARED`. */
  readonly script: string;
}

export interface Page {
  readonly html: string;
  /** Lets run and load what is in the page, and nothing else. */
  readonly policy: string;
}

const STYLE = `
:root { color-scheme: light dark }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 26rem; margin: 12vh auto; padding: 0 1rem }
label { display: block; margin: 1rem 0 .25rem }
input, button { font: inherit; padding: .5rem .75rem; box-sizing: border-box; width: 100% }
button { margin-top: 1rem; cursor: pointer }
[role=status] { margin-top: 1rem; min-height: 1.5em }
`;

/**
 * Takes the token out of the address first of all, so that it stays in no history. `send` posts JSON to the API, beside which
 * the page is, and says what came of it.
 */
const SHARED = `'use strict';
const token = location.hash.slice(1);
history.replaceState(null, '', location.pathname + location.search);
const part = (id) => document.getElementById(id);
const say = (text) => { part('status').textContent = text; };
const show = (id) => { part(id).hidden = false; };
async function send(path, body, done, form) {
  const button = form.querySelector('button');
  button.disabled = true;
  say('One moment …');
  try {
    const answer = await fetch('api/auth/' + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
    });
    if (answer.ok) {
      form.hidden = true;
      say(done);
      return;
    }
    const problem = await answer.json().catch(() => ({}));
    say(problem.detail || 'That did not work. Try again later.');
    if (problem.code === 'token_invalid') { form.hidden = true; show('ask'); }
  } catch {
    say('The server cannot be reached. Try again.');
  }
  button.disabled = false;
}
const on = (id, send) => part(id).addEventListener('submit', (event) => { event.preventDefault(); send(event.target); });
`;

const sha256 = (text: string): string => `'sha256-${hash('sha256', text, 'base64')}'`;

/** A page of our own that needs nothing from anywhere. */
export function makePage({ title, body, script }: Content): Page {
  const code = `${SHARED}${script}`;
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${title}</h1>
${body}
<noscript><p>This page needs JavaScript: the link holds what only your browser may see.</p></noscript>
<p id="status" role="status"></p>
</main>
<script>${code}</script>
</body>
</html>
`;
  const policy = [
    "default-src 'none'",
    `script-src ${sha256(code)}`,
    `style-src ${sha256(STYLE)}`,
    "connect-src 'self'",
    "form-action 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  return { html, policy };
}
