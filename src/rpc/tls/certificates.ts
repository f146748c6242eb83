import { type Running, startLoop } from '../../base/lifecycle.ts';
import type { Logger } from '../../base/logger.ts';
import { type CertificateFiles, type Credentials, readCredentials } from './credentials.ts';

/** The certificate of this process, as it is now: read again when its files change. */
export interface Certificates extends Running {
  readonly current: Credentials;
  /** Calls back after each change, until the function that it answers is called. */
  onChange(listener: (credentials: Credentials) => void): () => void;
  /** Looks at the files now. */
  reload(): Promise<void>;
}

interface Options {
  readonly log: Logger;
  /** Milliseconds between looks at the files. */
  readonly every?: number;
}

/** Files are read, not watched: they are small, and a mounted secret is replaced in ways that watchers miss. */
const LOOK_EVERY = 10_000;
const SOON = 7 * 24 * 3_600_000;

/** Throws `CertificateError` where they cannot be used. Once open, what cannot be used is logged, and the former stay. */
export async function openCertificates(
  files: CertificateFiles,
  { log, every = LOOK_EVERY }: Options,
): Promise<Certificates> {
  const listeners = new Set<(credentials: Credentials) => void>();
  let current = await readCredentials(files);
  let complaint: string | undefined;
  let warned: Credentials | undefined;

  const look = async () => {
    try {
      const found = await readCredentials(files);
      complaint = undefined;
      if (found.cert === current.cert && found.key === current.key && found.ca === current.ca) return;
      current = found;
      log.info({ names: found.names, valid_to: found.validTo.toISOString() }, 'certificates were reloaded');
      for (const listener of listeners) listener(found);
    } catch (error) {
      const { message } = error as Error;
      // While files are being replaced they do not go together for a moment.
      if (message !== complaint) log.warn({ reason: message }, 'certificates have changed and cannot be used');
      complaint = message;
    }
  };
  const warnOfExpiry = () => {
    if (warned === current || current.validTo.getTime() - Date.now() > SOON) return;
    warned = current;
    log.warn({ names: current.names, valid_to: current.validTo.toISOString() }, 'the certificate expires soon');
  };

  const loop = startLoop({
    every,
    round: async () => {
      await look();
      warnOfExpiry();
    },
    onError: (err) => log.error({ err }, 'certificates could not be looked at'),
  });
  return {
    get current() {
      return current;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    reload: look,
    stop: () => loop.stop(),
  };
}
