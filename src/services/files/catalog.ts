/** A job to be, as a preset or a request plans it. */
export interface PlannedJob {
  /** The variant type that it yields. */
  readonly type: string;
  readonly processor: string;
  /** Complete: defaults are filled in. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** What can be made of a file. Files is handed one; it does not know any processor. */
export interface ProcessingCatalog {
  /** The jobs that presets give a file of this content type; the quickest first. */
  presetsFor(contentType: string): PlannedJob[];
  /**
   * A job that somebody asks for. Throws `invalid_request` for a processor that there is not or options that do not
   * fit it, and `not_processable` where it does not take this content type.
   */
  plan(processor: string, options: Readonly<Record<string, unknown>>, contentType: string): PlannedJob;
}
