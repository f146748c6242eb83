import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { type LocalServer, sendJson, serve } from '../local-server.ts';

/** Somebody at GitHub. */
export interface GitHubUser {
  readonly id: number;
  readonly login: string;
  readonly name?: string | null;
  readonly emails: readonly { readonly email: string; readonly primary: boolean; readonly verified: boolean }[];
}

export interface GitHub extends LocalServer {
  /** Who is signed in there, and lets every application in. */
  user: GitHubUser;
  /** Whether the user says no. */
  denies: boolean;
  /** Whether it is out of order. */
  broken: boolean;
  readonly env: Readonly<Record<string, string>>;
}

interface Grant {
  readonly user: GitHubUser;
  readonly redirectUri: string;
  readonly challenge: string | null;
  readonly scopes: readonly string[];
}

const CLIENT = { id: 'Iv1.holdfast', secret: 'github-secret-of-a-test' };
let lastId = 1000;

export function someGitHubUser(email: string, more: Partial<GitHubUser> = {}): GitHubUser {
  const id = ++lastId;
  return { id, login: `octo-${id}`, name: 'Mona', emails: [{ email, primary: true, verified: true }], ...more };
}

/**
 * Answers as GitHub's documentation says that it does ("Authorizing OAuth apps", "Get the authenticated user", "List email
 * addresses for the authenticated user"), at the paths of a GitHub Enterprise Server: codes are good once and for whoever
 * has the verifier, errors of the token endpoint come with 200, answers are forms unless JSON is asked for, a profile does
 * not show a private e-mail.
 */
export async function startGitHub(): Promise<GitHub> {
  const codes = new Map<string, Grant>();
  const tokens = new Map<string, Grant>();

  function authorize({ searchParams: query }: URL, response: ServerResponse): void {
    const redirectUri = query.get('redirect_uri') ?? '';
    if (query.get('client_id') !== CLIENT.id || !URL.canParse(redirectUri)) {
      response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>404</h1>');
      return;
    }
    const back = new URL(redirectUri);
    const state = query.get('state');
    if (github.denies) {
      back.searchParams.set('error', 'access_denied');
      back.searchParams.set('error_description', 'The user has denied your application access.');
    } else {
      const code = randomBytes(10).toString('hex');
      const challenge = query.get('code_challenge');
      if (challenge !== null && query.get('code_challenge_method') !== 'S256') {
        response.writeHead(400).end();
        return;
      }
      const scopes = (query.get('scope') ?? '').split(/[ ,]+/);
      codes.set(code, { user: github.user, redirectUri, challenge, scopes });
      back.searchParams.set('code', code);
    }
    if (state !== null) back.searchParams.set('state', state);
    response.writeHead(302, { location: back.href }).end();
  }

  async function exchange(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = new URLSearchParams(await text(request));
    const answer = tokenFor(form);
    if (request.headers.accept?.includes('application/json')) sendJson(response, 200, answer);
    else {
      response.writeHead(200, { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' });
      response.end(new URLSearchParams(answer).toString());
    }
  }

  function tokenFor(form: URLSearchParams): Record<string, string> {
    const wrong = (error: string) => ({
      error,
      error_description: `It is ${error}.`,
      error_uri: 'https://docs.github.com',
    });
    if (form.get('client_id') !== CLIENT.id || form.get('client_secret') !== CLIENT.secret) {
      return wrong('incorrect_client_credentials');
    }
    const code = form.get('code') ?? '';
    const grant = codes.get(code);
    codes.delete(code);
    if (!grant) return wrong('bad_verification_code');
    if (form.get('redirect_uri') !== grant.redirectUri) return wrong('redirect_uri_mismatch');
    const verifier = form.get('code_verifier') ?? '';
    if (grant.challenge !== null && createHash('sha256').update(verifier).digest('base64url') !== grant.challenge) {
      return wrong('bad_verification_code');
    }
    const token = `gho_${randomBytes(18).toString('hex')}`;
    tokens.set(token, grant);
    return { access_token: token, scope: grant.scopes.join(','), token_type: 'bearer' };
  }

  function api({ pathname }: URL, request: IncomingMessage, response: ServerResponse): void {
    if (request.headers['user-agent'] === undefined) {
      response
        .writeHead(403)
        .end('Request forbidden by administrative rules. Please make sure your request has a User-Agent');
      return;
    }
    const { status, json } = apiAnswer(pathname, request.headers.authorization);
    sendJson(response, status, json);
  }

  function apiAnswer(pathname: string, authorization = ''): { readonly status: number; readonly json: unknown } {
    if (pathname === '/api/v3/') return { status: 200, json: { current_user_url: `${github.url}/api/v3/user` } };
    const grant = tokens.get(/^Bearer (\S+)$/i.exec(authorization)?.[1] ?? '');
    if (!grant) return { status: 401, json: { message: 'Bad credentials', status: '401' } };
    const { id, login, name = null, emails } = grant.user;
    if (pathname === '/api/v3/user') return { status: 200, json: { id, login, name, email: null, type: 'User' } };
    if (
      pathname === '/api/v3/user/emails' &&
      grant.scopes.some((scope) => scope === 'user' || scope === 'user:email')
    ) {
      return {
        status: 200,
        json: emails.map((email) => ({ ...email, visibility: email.primary ? 'private' : null })),
      };
    }
    return { status: 404, json: { message: 'Not Found', status: '404' } };
  }

  const server = await serve(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://github.test');
    if (github.broken) response.writeHead(502).end('<html>Unicorn!</html>');
    else if (url.pathname === '/login/oauth/authorize' && request.method === 'GET') authorize(url, response);
    else if (url.pathname === '/login/oauth/access_token' && request.method === 'POST')
      await exchange(request, response);
    else if (url.pathname.startsWith('/api/v3/')) api(url, request, response);
    else response.writeHead(404).end();
  });
  const github: GitHub = {
    ...server,
    user: someGitHubUser('nobody@example.com'),
    denies: false,
    broken: false,
    env: { GITHUB_URL: server.url, GITHUB_CLIENT_ID: CLIENT.id, GITHUB_CLIENT_SECRET: CLIENT.secret },
  };
  return github;
}
