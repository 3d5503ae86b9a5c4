// The wire vectors: cases as data, each naming the RFC section that decides it.
// Bytes are written as strings of one char each.
//
// They are imported as modules, so that tests without permissions can read them,
// and nothing here is specific to one runtime.

import type { HttpCloseReason, HttpErrorCode, HttpFraming } from "../mod.ts";
import type { HttpFormInit } from "../mod.ts";
import type { HttpLeniency, HttpLimits, HttpSendOptions } from "../mod.ts";
import type { Seen } from "./sse/_plain_reader.ts";

import auth from "./vectors/auth.json" with { type: "json" };
import bodies from "./vectors/bodies.json" with { type: "json" };
import chunked from "./vectors/chunked.json" with { type: "json" };
import early from "./vectors/early.json" with { type: "json" };
import framing from "./vectors/framing.json" with { type: "json" };
import interim from "./vectors/interim.json" with { type: "json" };
import messages from "./vectors/messages.json" with { type: "json" };
import persistence from "./vectors/persistence.json" with { type: "json" };
import redirects from "./vectors/redirects.json" with { type: "json" };
import requests from "./vectors/requests.json" with { type: "json" };
import responseHead from "./vectors/response_head.json" with { type: "json" };
import sse from "./vectors/sse.json" with { type: "json" };
import wellKnown from "./vectors/well_known.json" with { type: "json" };

/** Bytes, one char each; a part may be repeated: `["ab", 3]` is `ababab`. */
export type Wire = string | readonly (string | readonly [string, number])[];
/** Field lines. */
export type Pairs = readonly (readonly [name: string, value: string])[];
/** The caller's mistake is thrown. */
export interface Throws {
  readonly throws: "TypeError" | "RangeError";
  readonly message?: string;
}

/** The members of every vector. */
export interface Vector {
  /** A sentence with an outcome. */
  readonly name: string;
  /** The section that decides the case. */
  readonly rfc: string;
}

/** The parts of a head that a vector decides. Absent parts may be anything. */
export interface ExpectedHead {
  readonly version?: "HTTP/1.0" | "HTTP/1.1";
  readonly status?: number;
  readonly reason?: string;
  readonly headers?: Pairs;
}

/** A whole response, or a fault in it. */
export interface ResponseVector extends Vector {
  /** Defaults to GET without fields. */
  readonly request?: { readonly method: string; readonly headers?: Pairs };
  readonly limits?: Partial<HttpLimits>;
  readonly lenient?: readonly HttpLeniency[];
  /** Only the streaming or the buffering readers, if they differ. */
  readonly via?: "receive" | "send";
  readonly wire: Wire;
  /** Whether end of file follows. */
  readonly eof?: boolean;
  readonly expect: ExpectedResponse | Throws;
}

/** An absent member is empty or false; without `error`, the end is `Ok`. */
export interface ExpectedResponse {
  /** The interim responses, each by its status or its head. */
  readonly interim?: readonly (number | ExpectedHead)[];
  readonly head?: ExpectedHead;
  /** Absent if there is no final head. */
  readonly framing?: HttpFraming;
  /** The body, or the part of it before the error. */
  readonly body?: Wire;
  readonly trailers?: readonly (readonly [name: string, value: Wire])[];
  readonly remaining?: Wire;
  readonly upgraded?: boolean;
  readonly keepAlive?: boolean;
  readonly closeReason?: HttpCloseReason | null;
  /** The close reason if the request was HTTP/1.0; `Http10` for `null`. */
  readonly http10?: HttpCloseReason | null;
  readonly error?: HttpErrorCode;
  /** The message of the error, if the whole wire comes in one piece. */
  readonly message?: string;
  /** How many bytes it takes to see the error, if that is decided. */
  readonly at?: number;
}

/** A chunked body without a head. */
export type ChunkedVector = Omit<ResponseVector, "request" | "via">;

/** A response to a POST that has not been written whole. */
export interface EarlyVector extends Vector {
  /** How long the request's body is. */
  readonly upload: number;
  /** The input of each call: nothing, bytes, or `null` at end of file. */
  readonly inputs: readonly (string | null)[];
  /** The steps after the first write: a type and the close reason, or a code. */
  readonly expect: { readonly steps: readonly string[] };
}

/** A stream of events, which ends. */
export interface EventsVector extends Vector {
  readonly stream: string;
  readonly maxEventBytes?: number;
  readonly expect: {
    readonly events: readonly Seen[];
    readonly lastEventId?: string;
    readonly incomplete?: boolean;
    readonly error?: string;
  };
}

/** A request of the caller. The body is bytes, one char each. */
export interface RequestInput {
  readonly method: string;
  readonly url: string;
  readonly headers?: Pairs;
  readonly body?: string;
  readonly json?: unknown;
  readonly form?: HttpFormInit;
}

/** A request and the bytes that it is written as. */
export interface EncodeVector extends Vector {
  /** Defaults to `http11`. `head11` encodes only the head. */
  readonly via?: "http11" | "http10" | "head11";
  readonly request: RequestInput;
  readonly options?: HttpSendOptions;
  readonly expect: { readonly wire: Wire } | Throws;
}

/** Pieces of data, and the bytes that they are encoded as. */
export interface ChunkEncoderVector extends Vector {
  readonly chunks: readonly Wire[];
  readonly trailers?: Pairs;
  readonly expect: { readonly wire: Wire } | Throws;
}

/** The target of a redirect, and the request that follows. */
export interface RedirectVector extends Vector {
  /** Only HTTP/1.1, if HTTP/1.0 has no such request. */
  readonly via?: "http11";
  readonly request: RequestInput;
  readonly wire: Wire;
  readonly expect: {
    readonly redirect: ExpectedRedirect | null;
    readonly next?: RequestInput;
  };
}

/** The target of a redirect. */
export interface ExpectedRedirect {
  readonly url: string;
  readonly sameOrigin: boolean;
}

/** One of the values around authentication, written or parsed. */
export type AuthVector =
  & Vector
  & (
    | { basic: [string, string]; expect: { value: string } | Throws }
    | {
      parseBasic: string;
      expect: { username: string; password: string } | Throws;
    }
    | {
      /** A URL. */
      userinfo: string;
      expect: { username: string | null; password: string | null } | Throws;
    }
    | { bearer: string; expect: { value: string } | Throws }
    | { parseBearer: string; expect: { token: string } | Throws }
    | { challenges: string; expect: { challenges: ExpectedChallenge[] } }
  );

/** A challenge, as plain data. */
export interface ExpectedChallenge {
  readonly scheme: string;
  readonly token68: string | null;
  readonly params: Pairs;
}

/** A look-up of a well-known resource. */
export interface WellKnownVector extends Vector {
  readonly base: string;
  readonly service: string;
  readonly headers?: Pairs;
  readonly wire: Wire;
  readonly expect:
    | {
      readonly written: string;
      readonly status: number;
      readonly body: string;
      readonly redirect: ExpectedRedirect | null;
    }
    | Throws;
}

/** The vectors of whole responses, by their file. */
export const RESPONSES: Readonly<Record<string, readonly ResponseVector[]>> = {
  response_head: responseHead as unknown as ResponseVector[],
  interim: interim as unknown as ResponseVector[],
  framing: framing as unknown as ResponseVector[],
  persistence: persistence as unknown as ResponseVector[],
  messages: messages as unknown as ResponseVector[],
};
/** The vectors of chunked bodies. */
export const CHUNKED = chunked as unknown as readonly ChunkedVector[];
/** The vectors of responses that come early. */
export const EARLY = early as unknown as readonly EarlyVector[];
/** The vectors of event streams. */
export const EVENTS = sse as unknown as readonly EventsVector[];
/** The vectors of requests with bodies and headers in any form. */
export const BODIES = bodies as unknown as readonly EncodeVector[];
/** The vectors of requests and chunks that are encoded. */
export const REQUESTS = requests as unknown as readonly (
  | EncodeVector
  | ChunkEncoderVector
)[];
/** The vectors of redirects. */
export const REDIRECTS = redirects as unknown as readonly RedirectVector[];
/** The vectors of authentication values. */
export const AUTH = auth as unknown as readonly AuthVector[];
/** The vectors of well-known look-ups. */
export const WELL_KNOWN = wellKnown as unknown as readonly WellKnownVector[];

/** Writes bytes out as a string of one char each. */
export function expand(wire: Wire): string {
  if (typeof wire === "string") return wire;
  return wire
    .map((part) => typeof part === "string" ? part : part[0].repeat(part[1]))
    .join("");
}
