// One whole response, in two phases that a streaming and a buffering reader
// both drive: the heads, up to the final one, and then its body.
//
//   HeadPhase ── 1xx but 101 ──> Interim ──> HeadPhase
//     └─ other ──> Head ──> BodyPhase ── Data ... ──> Ok
//
// End of file is a fault everywhere but in a body that ends with the
// connection.

import type { WantsRead } from "../coroutine.ts";
import { HttpError } from "../error.ts";
import type { Input } from "../core/input.ts";
import { askForInput } from "../core/machine.ts";
import type { HttpHeaders } from "../rfc9110/headers.ts";
import type { HttpResponse, HttpVersion } from "../rfc9110/response.ts";
import { type BodyReader, makeBodyReader } from "./_body.ts";
import { decideFraming } from "./_framing.ts";
import { HeadReader } from "./_head.ts";
import {
  findCloseReason,
  type RequestPersistence,
  requestPersistence,
} from "./_persistence.ts";
import type { HttpCloseReason } from "./close_reason.ts";
import type { HttpFraming } from "./framing.ts";
import type { HttpLimits } from "./limits.ts";

/** What has to be known of the request to read its response. */
export interface RequestInfo {
  readonly method: string;
  readonly headers: HttpHeaders;
  /** HTTP/1.1 if absent. */
  readonly version?: HttpVersion;
}

/** The steps of a {@linkcode HeadPhase}. */
export type HeadStep =
  | WantsRead
  | { readonly type: "Interim"; readonly response: HttpResponse }
  | {
    readonly type: "Head";
    readonly response: HttpResponse;
    readonly framing: HttpFraming;
    /** What reads on from here. */
    readonly body: BodyPhase;
  };

/** The steps of a {@linkcode BodyPhase}. */
export type BodyStep =
  | WantsRead
  | { readonly type: "Data"; readonly bytes: Uint8Array<ArrayBuffer> }
  | {
    readonly type: "Ok";
    readonly trailers: HttpHeaders;
    readonly remaining: Uint8Array<ArrayBuffer>;
    /** The reason in the heads not to use the connection again. */
    readonly headReason: HttpCloseReason | null;
  };

/** Reads heads up to the final one. */
export class HeadPhase {
  readonly #method: string;
  readonly #asksToUpgrade: boolean;
  readonly #persistence: RequestPersistence;
  readonly #limits: HttpLimits;
  #head: HeadReader;
  #interims = 0;

  constructor(request: RequestInfo, limits: HttpLimits) {
    // Read now: what becomes of the request once it was sent changes nothing.
    const { method, headers, version = "HTTP/1.1" } = request;
    this.#method = method;
    this.#asksToUpgrade = headers.has("upgrade");
    this.#persistence = requestPersistence(headers, version);
    this.#limits = limits;
    this.#head = new HeadReader(limits);
  }

  /**
   * Takes one step.
   *
   * @throws {HttpError} If a head is invalid, or there are too many.
   */
  step(input: Input): HeadStep {
    const response = this.#head.read(input);
    if (response === null) return this.#askForHead(input);
    if (response.status === 101) {
      this.#checkUpgrade();
    } else if (response.isInformational) {
      this.#countInterim();
      return { type: "Interim", response };
    }
    const decision = decideFraming(this.#method, response);
    const body = new BodyPhase(
      makeBodyReader(decision.framing, this.#limits),
      findCloseReason(this.#persistence, response, decision),
    );
    return { type: "Head", response, framing: decision.framing, body };
  }

  #askForHead(input: Input): WantsRead {
    if (input.eof && input.start === input.end && this.#interims === 0) {
      throw noResponse();
    }
    return askForInput(input, "response head");
  }

  #checkUpgrade(): void {
    if (this.#asksToUpgrade) return;
    throw new HttpError(
      "UnexpectedUpgrade",
      "Cannot switch protocols: the request had no Upgrade field",
    );
  }

  #countInterim(): void {
    const { maxInterimResponses } = this.#limits;
    if (++this.#interims > maxInterimResponses) {
      throw new HttpError(
        "TooManyInterimResponses",
        `Cannot read the response: more than ${maxInterimResponses} ` +
          `interim responses came before it (maxInterimResponses)`,
      );
    }
    this.#head = new HeadReader(this.#limits);
  }
}

/** Reads the body of the final response. */
export class BodyPhase {
  readonly #body: BodyReader;
  readonly #closeReason: HttpCloseReason | null;

  constructor(body: BodyReader, closeReason: HttpCloseReason | null) {
    this.#body = body;
    this.#closeReason = closeReason;
  }

  /**
   * Takes one step.
   *
   * @throws {HttpError} If the body is invalid or incomplete.
   */
  step(input: Input): BodyStep {
    const bytes = this.#body.read(input);
    if (bytes !== null) return { type: "Data", bytes };
    const { trailers } = this.#body;
    if (trailers === null) return askForInput(input, "response body");
    return {
      type: "Ok",
      trailers,
      remaining: input.takeRest(),
      headReason: this.#closeReason,
    };
  }
}

/** The error for an end of file before any byte of a response. */
export function noResponse(): HttpError {
  return new HttpError(
    "NoResponse",
    "Cannot read the response: the connection ended before its first byte",
  );
}
