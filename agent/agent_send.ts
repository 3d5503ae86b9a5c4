// A buffered call: the response is folded into one output.

import type { HttpRequest } from "../rfc9110/request.ts";
import { completeResponse } from "../rfc9110/response.ts";
import type { AgentCore } from "./agent_core.ts";
import { decodeBytes, findDecoding } from "./agent_decode.ts";
import type { HttpAgentOutput } from "./facts.ts";
import type { HttpAgentSendOptions } from "./options.ts";

/**
 * Sends a request and reads the response, whole.
 *
 * @throws {unknown} Why it failed.
 */
export async function sendWhole(
  core: AgentCore,
  asked: HttpRequest,
  options: HttpAgentSendOptions,
): Promise<HttpAgentOutput> {
  const starting = core.start(asked, options);
  const { call, plan } = starting instanceof Promise
    ? await starting
    : starting;
  const { request, received, attempt, end } = await call.run(true);
  const { response, bytes, end: { trailers, remaining, closeReason } } =
    received;
  const decoding = findDecoding(request.method, response, plan.decode);
  const body = decoding === null
    ? bytes
    : await decodeBytes(bytes, decoding, plan.sendOptions.receive.maxBodyBytes);
  return {
    response: completeResponse(decoding?.response ?? response, body, trailers),
    interim: attempt.interim,
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
