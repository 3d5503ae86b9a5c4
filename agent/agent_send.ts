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
  const called = await core.call(asked, options);
  const { call, request, body, attempt, end, plan } = called;
  const { response } = body;
  const decoding = findDecoding(request.method, response, plan.decode);
  const coded = await body.collect(itself, call);
  const { trailers, remaining, closeReason, uploaded } = await body.whenEnded();
  const bytes = decoding === null
    ? coded
    : await decodeBytes(coded, decoding, plan.sendOptions.receive.maxBodyBytes);
  return {
    response: completeResponse(decoding?.response ?? response, bytes, trailers),
    interim: attempt.interim,
    remaining,
    redirect: attempt.parts.driver.redirectOf(response),
    keepAlive: closeReason === null,
    closeReason,
    upgraded: false,
    reused: attempt.reused,
    uploaded,
    url: request.url,
    hops: end.hops,
    attempts: end.attempts,
    info: attempt.info,
    timings: attempt.timings,
    decoded: decoding?.codings ?? [],
  };
}

function itself<Value>(value: Value): Value {
  return value;
}
