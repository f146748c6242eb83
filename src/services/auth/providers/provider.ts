/** Who provides a sign-in, and as whom we are registered there. */
interface Registration {
  /** As it stands in URLs: lower-case letters, digits and hyphens. */
  readonly name: string;
  /** For people. */
  readonly title: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

export type ProviderSettings =
  | (Registration & { readonly kind: 'oidc'; readonly issuer: string })
  | (Registration & {
      readonly kind: 'github';
      /** Of github.com, or of a GitHub Enterprise Server. */
      readonly url: string;
    });

/** What the browser takes there, and what it has to bring back to be believed. */
export interface Request {
  /** Where the browser is to come back to. */
  readonly redirectUri: string;
  readonly state: string;
  readonly nonce: string;
  /** Of PKCE (RFC 7636): shown to the provider when the code is exchanged, and a hash of it before. */
  readonly verifier: string;
}

/** Of whom a provider speaks. */
export interface ProvidedIdentity {
  readonly issuer: string;
  readonly subject: string;
  /** In its normal form; null where the provider names none. */
  readonly email: string | null;
  /** Whether the provider knows that the user reads that mailbox. */
  readonly emailVerified: boolean;
  readonly name: string | undefined;
}

/** A provider with whom people sign in. */
export interface Provider {
  readonly name: string;
  readonly title: string;
  /** Together with a subject of it, it names one person, whatever the provider is called here. */
  readonly issuer: string;
  /** Where the browser goes. Throws `unavailable`. */
  urlFor(request: Request, signal: AbortSignal): Promise<string>;
  /**
   * Who came back, by the URL that the browser came back with. Throws `sign_in_refused` where the provider vouches for
   * nobody, `unavailable` where it cannot be reached.
   */
  identify(url: URL, request: Request, signal: AbortSignal): Promise<ProvidedIdentity>;
  /** Throws an `Error` that says, for the operator, why nobody can sign in there. */
  probe(signal: AbortSignal): Promise<void>;
}
