import type { SweepReport } from '../../services/janitor/index.ts';
import type { AdminAnswer, AdminRequest } from '../admin.ts';

export interface SweepRequest {
  readonly dryRun: boolean;
  readonly allOrphans: boolean;
}

/** How the server finds itself. */
export interface ServerStatus {
  readonly version: string;
  readonly pid: number;
  readonly url: string;
  /** Each dependency: null where it can be used, otherwise why not. */
  readonly dependencies: Readonly<Record<string, string | null>>;
}

/** What a running server does when asked over its socket. Requests and answers are JSON. */
export interface Commands {
  sweep(request: SweepRequest, signal: AbortSignal): Promise<SweepReport>;
  admin(request: AdminRequest, signal: AbortSignal): Promise<AdminAnswer>;
  status(request: Record<string, never>, signal: AbortSignal): Promise<ServerStatus>;
}
