// A call of fetch.

import type { HttpRequest } from "../rfc9110/request.ts";
import type { AgentCore } from "./agent_core.ts";
import { findDecoding } from "./agent_decode.ts";
import { AgentExchange } from "./agent_exchange.ts";
import type { FetchCall, FetchCallOptions } from "./fetch/fetch.ts";

/**
 * Runs a call up to the head of its response.
 *
 * @throws {unknown} Why it failed.
 */
export async function startFetch(
  core: AgentCore,
  asked: HttpRequest,
  options: FetchCallOptions,
): Promise<FetchCall> {
  const { call, plan } = await core.start(asked, options);
  const result = await call.run(false);
  const { received: body, request: { method, url }, attempt, end } = result;
  const head = body.response;
  const decoding = findDecoding(method, head, plan.decode);
  // Many a response comes whole, in one read. It needs no stream.
  const arrived = decoding === null ? body.takeArrived() : null;
  if (arrived !== null) {
    const redirect = attempt.parts.driver.redirectOf(head);
    const upgraded = false;
    return {
      head,
      url,
      hops: end.hops,
      redirect,
      upgraded,
      body: arrived,
      discard() {},
    };
  }
  return new AgentExchange({ ...result, call, plan }, decoding);
}
