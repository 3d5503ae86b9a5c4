// What a server of these tests is: how it is found and started, and what it
// cannot do by design.

import type { Feature } from "./features.ts";
import type { Site } from "./_site.ts";

/** The validators that `/hello` can have (RFC 9110 §8.8). */
export type Validator = "ETag" | "Last-Modified";

/** A server that was found on this machine. */
export interface Installed {
  /** Its name and version, as it says itself. */
  readonly version: string;
  /** Starts it. */
  start(site: Site): Promise<Running>;
}

/** A server that runs. Disposing of it ends it. */
export interface Running extends AsyncDisposable {
  /** Where it listens for HTTP. */
  readonly port: number;
  /** Where it listens for HTTPS, `null` where it has no TLS. */
  readonly tlsPort: number | null;
}

/** One kind of server. */
export interface Server {
  readonly name: string;
  /** Finds it, `null` where it is not installed. */
  find(): Promise<Installed | null>;
  /** The features that it does not have by design, each with the reason. */
  readonly cannot: Readonly<Partial<Record<Feature, string>>>;
  /** Whether connections outlive a response unless one side says otherwise. */
  readonly persists: boolean;
  /**
   * Whether it says that it will close where it does not choose to, but is
   * asked to or gets HTTP/1.0 (a SHOULD in RFC 9112 §9.6).
   */
  readonly saysClose: boolean;
  /** What it can tell a client to compare. */
  readonly validators: readonly Validator[];
}
