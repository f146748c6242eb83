/**
 * Content of users is served from the address of the API, so nothing in it may run there. `sandbox` gives a document
 * an origin of its own and no scripts; browsers show no PDF in a sandbox, so PDFs are held by the rest alone: their
 * viewers run what is in them outside of our origin.
 */
const NOTHING_RUNS = "default-src 'none'; img-src 'self' data:; media-src 'self'; style-src 'unsafe-inline'";
const SANDBOXED = `${NOTHING_RUNS}; sandbox`;
const PDF = `${NOTHING_RUNS}; object-src 'self'`;

export const contentSecurityPolicy = (contentType: string): string =>
  contentType === 'application/pdf' ? PDF : SANDBOXED;
