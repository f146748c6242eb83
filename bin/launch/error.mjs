/** Something that the reader can mend; the message says how. */
export class LaunchError extends Error {}

/** A signal came while we were installing. */
export class Interrupted extends Error {
  constructor(signal) {
    super(`interrupted by ${signal}`);
    this.signal = signal;
  }
}
