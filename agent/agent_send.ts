// The two kinds of calls: buffered, whose response is folded into one output, and
// streamed.

import { HttpRequest } from "../rfc9110/request.ts";
import { completeResponse } from "../rfc9110/response.ts";
import type { AgentCore } from "./agent_core.ts";
import { decodeBytes, findDecoding } from "./agent_decode.ts";
import { AgentExchange } from "./agent_exchange.ts";
import type { HttpAgentExchange, HttpAgentOutput } from "./facts.ts";
import { copyRequest } from "./hop.ts";
import type { HttpAgentSendOptions } from "./options.ts";

/**
 * Sends a request and reads the response, whole.
 *
 * @throws {unknown} Why it failed.
 */
export async function send(
  core: AgentCore,
  given: HttpRequest | string | URL,
  options: HttpAgentSendOptions,
): Promise<HttpAgentOutput> {
  const asked = toRequest(given);
  if (asked.method === "CONNECT" || asked.headers.has("upgrade")) {
    throw new TypeError(
      "Cannot send a request for another protocol: use exchange()",
    );
  }
  const starting = core.start(asked, options);
  const call = starting instanceof Promise ? await starting : starting;
  const { request, received, attempt, end } = await call.run(true);
  const { response, bytes, end: { trailers, remaining, closeReason } } =
    received;
  const { decode, sendOptions: { receive } } = call.plan;
  const decoding = findDecoding(request.method, response, decode);
  const body = decoding === null
    ? bytes
    : await decodeBytes(bytes, decoding, receive.maxBodyBytes);
  return {
    response: completeResponse(decoding?.response ?? response, body, trailers),
    interim: attempt.interims,
    remaining,
    redirect: attempt.parts.driver.redirectOf(response),
    keepAlive: closeReason === null,
    closeReason,
    upgraded: false,
    reused: attempt.reused,
    uploaded: received.end.uploaded,
    url: request.url,
    hops: end.hops,
    attempts: end.attempts,
    info: attempt.info,
    timings: attempt.timings,
    decoded: decoding?.codings ?? [],
  };
}

/**
 * Sends a request, and resolves when the head of its response has arrived.
 *
 * @throws {unknown} Why it failed.
 */
export async function exchange(
  core: AgentCore,
  given: HttpRequest | string | URL,
  options: HttpAgentSendOptions,
): Promise<HttpAgentExchange> {
  const call = await core.start(toRequest(given), options);
  const result = await call.run(false);
  const { request: { method }, received: { response } } = result;
  const decoding = findDecoding(method, response, call.plan.decode);
  return new AgentExchange(call, result, decoding);
}

/**
 * Copies a request, which belongs to the call from then on, or creates it.
 *
 * @throws {TypeError} If the URL is invalid.
 */
function toRequest(request: HttpRequest | string | URL): HttpRequest {
  return request instanceof HttpRequest
    ? copyRequest(request)
    : HttpRequest.get(request);
}
