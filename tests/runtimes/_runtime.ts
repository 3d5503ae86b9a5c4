// What a runtime of these tests is: how it is found, and how it runs the suite.

import type { Report } from "./_report.ts";

/** What the suite works with. */
export interface Setting {
  /** A temporary folder for bundles and configurations. */
  readonly folder: string;
  /** The port of the server on 127.0.0.1. */
  readonly port: number;
}

/** A runtime that was found on this machine. */
export interface Installed {
  readonly version: string;
  /** Runs the suite; rejects where there is no report. */
  run(setting: Setting): Promise<Report>;
}

/** One runtime. */
export interface Runtime {
  readonly name: string;
  /** Finds it, `null` where it is not installed. */
  find(): Promise<Installed | null>;
}
