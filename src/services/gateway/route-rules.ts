/**
 * For each route that is not open to anyone: what a credential must be allowed, and how the audit trail calls it. The one
 * place to read it; a route that is missing here keeps the server from starting.
 *
 * `any`: whoever is signed in. `account`: a person who is signed in, never an API token.
 */
export type Scope = 'files:read' | 'files:write' | 'files:delete' | 'jobs' | 'account' | 'admin' | 'any';

export interface AuditRule {
  readonly action: string;
  readonly kind: string;
  /** Whether the entry holds the request's body. */
  readonly tellsBody?: true;
}

interface Rule {
  readonly scope: Scope;
  /** How the audit trail calls it when it was done, to the thing of this kind that the path names. */
  readonly audit?: AuditRule;
}

const QUOTA_SET = { action: 'owner.quota_set', kind: 'owner', tellsBody: true } as const;
const JOBS_RETRIED = { action: 'jobs.retried', kind: 'job', tellsBody: true } as const;

export const RULES: Readonly<Record<string, Rule>> = {
  'GET /api/files': { scope: 'files:read' },
  'GET /api/files/:id': { scope: 'files:read' },
  'GET /api/files/:id/content': { scope: 'files:read' },
  'POST /api/files/:id/url': { scope: 'files:read', audit: { action: 'file.url_signed', kind: 'file' } },

  'GET /api/usage': { scope: 'files:read' },

  'POST /api/files': { scope: 'files:write' },
  'POST /api/upload': { scope: 'files:write' },
  'PATCH /api/files/:id': { scope: 'files:write' },
  'POST /api/files/:id/restore': { scope: 'files:write' },
  'POST /api/uploads': { scope: 'files:write' },
  'GET /api/uploads/:fileId': { scope: 'files:write' },
  'POST /api/uploads/:fileId/parts': { scope: 'files:write' },
  'POST /api/uploads/:fileId/confirm': { scope: 'files:write' },
  'DELETE /api/uploads/:fileId': { scope: 'files:write' },

  'DELETE /api/files/:id': { scope: 'files:delete', audit: { action: 'file.deleted', kind: 'file' } },

  'POST /api/files/:id/variants': { scope: 'jobs' },
  'GET /api/jobs': { scope: 'jobs' },
  'GET /api/jobs/:id': { scope: 'jobs' },
  'POST /api/jobs/:id/retry': { scope: 'jobs' },

  'GET /api/auth/me': { scope: 'any' },
  'PATCH /api/auth/me': { scope: 'account' },
  'POST /api/auth/logout': { scope: 'account' },
  'POST /api/auth/password': { scope: 'account' },
  'GET /api/auth/sessions': { scope: 'account' },
  'DELETE /api/auth/sessions': { scope: 'account' },
  'DELETE /api/auth/sessions/:id': { scope: 'account' },
  'GET /api/auth/tokens': { scope: 'account' },
  'POST /api/auth/tokens': { scope: 'account' },
  'DELETE /api/auth/tokens/:id': { scope: 'account' },
  'POST /api/auth/oauth/:provider/link': { scope: 'account' },
  'GET /api/auth/oauth/accounts': { scope: 'account' },
  'DELETE /api/auth/oauth/accounts/:id': { scope: 'account' },

  'GET /api/admin/users': { scope: 'admin' },
  'POST /api/admin/users': { scope: 'admin' },
  'GET /api/admin/users/:id': { scope: 'admin' },
  'PATCH /api/admin/users/:id': { scope: 'admin' },
  'DELETE /api/admin/users/:id': { scope: 'admin' },
  'GET /api/admin/invitations': { scope: 'admin' },
  'POST /api/admin/invitations': { scope: 'admin' },
  'DELETE /api/admin/invitations/:id': { scope: 'admin' },
  'GET /api/admin/audit': { scope: 'admin' },
  'GET /api/admin/usage': { scope: 'admin' },
  'GET /api/admin/usage/total': { scope: 'admin' },
  'PUT /api/admin/owners/:id/quota': { scope: 'admin', audit: QUOTA_SET },
  'GET /api/admin/jobs': { scope: 'admin' },
  'POST /api/admin/jobs/retry': { scope: 'admin', audit: JOBS_RETRIED },
  'POST /api/admin/jobs/:id/retry': { scope: 'admin', audit: { action: 'job.retried', kind: 'job' } },
};

/** Where a back end may act for an owner of its own: what is about files and jobs. */
export const isForOwners = (scope: Scope): boolean => scope.startsWith('files:') || scope === 'jobs';

/**
 * Whether it may outlast the credential that does it: an account, a right, a password, a token. Whoever ended a session
 * must not find afterwards what it made in its last second, so who does this is asked anew.
 */
export const outlasts = (method: string, scope: Scope): boolean =>
  (scope === 'account' || scope === 'admin') && method !== 'GET' && method !== 'HEAD';

/** The rule of a route by its method and pattern; HEAD is GET without a body. Throws where there is none. */
export function ruleOf(method: string, url: string): Rule {
  const name = `${method === 'HEAD' ? 'GET' : method} ${url}`;
  const rule = RULES[name];
  if (!rule) throw new Error(`The route ${name} has no rule: say in route-rules.ts who may call it.`);
  return rule;
}
