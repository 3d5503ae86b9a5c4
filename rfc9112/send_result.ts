/**
 * What exchanges of either version take and give.
 *
 * @module
 */

import type { Err, WantsRead, WantsWrite } from "../coroutine.ts";
import type { HttpResponse } from "../rfc9110/response.ts";
import type { HttpCloseReason } from "./close_reason.ts";
import type { HttpEncodeOptions } from "./encode_options.ts";
import type { HttpLimits } from "./limits.ts";

/** Options of an exchange: its limits, and the form of the request target. */
export interface HttpSendOptions
  extends Partial<HttpLimits>, HttpEncodeOptions {}

/** What an exchange gave. */
export interface HttpSendOutput {
  /** The final response, whole. */
  response: HttpResponse;
  /** The interim responses that came before it, in order. */
  interim: HttpResponse[];
  /** The bytes that came after the response. */
  remaining: Uint8Array<ArrayBuffer>;
  /** Whether the connection may carry another request. */
  keepAlive: boolean;
  /** Why it may not, or `null` where it may. */
  closeReason: HttpCloseReason | null;
  /** Whether the connection speaks another protocol from here on. */
  upgraded: boolean;
}

/** The steps of an exchange of either version. */
export type HttpSendResult =
  | WantsRead
  | WantsWrite
  | Err
  | {
    /** The step's name: the response is a redirect that can be followed. */
    readonly type: "WantsRedirect";
    /** The target, resolved against the request's URL. */
    readonly url: URL;
    /** Whether scheme, host and port are those of the request. */
    readonly sameOrigin: boolean;
  } & Readonly<HttpSendOutput>
  | {
    /** The step's name: the exchange is complete. */
    readonly type: "Ok";
  } & Readonly<HttpSendOutput>;
