// What a runtime reports, as JSON.

/** How some cases went. */
export interface Tally {
  readonly passed: number;
  readonly total: number;
  /** What is wrong with those that failed. */
  readonly failures: readonly string[];
}

/** How one runtime did. */
export interface Report {
  /** The wire vectors. */
  readonly vectors: Tally;
  /** The cases of the client, over each kind of stream that the runtime has. */
  readonly streams: Readonly<Record<string, Tally>>;
}
