/** Says within the signal's deadline whether a dependency can be used; throws where not. */
export type Probe = (signal: AbortSignal) => Promise<void>;
