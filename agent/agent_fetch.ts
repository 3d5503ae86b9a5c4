// The calls of fetch.

import type { HttpRequest } from "../rfc9110/request.ts";
import type { AgentCore } from "./agent_core.ts";
import { AgentExchange } from "./agent_exchange.ts";
import { Planner } from "./agent_plan.ts";
import {
  checkingPorts,
  explainError,
  type FetchCall,
  type FetchCallOptions,
  type FetchHost,
  withDefaults,
} from "./fetch/fetch.ts";
import { bodyInit } from "./fetch/response.ts";

const CODINGS = "accept-encoding";

/** Makes the calls of a fetch over an agent. */
export function fetchHost(core: AgentCore): FetchHost {
  const { settings } = core;
  const { redirect, credentials, headers: { fields, withheld } } = settings;
  const planner = new Planner({
    ...settings,
    redirect: checkingPorts(redirect),
    headers: {
      fields: withDefaults(fields, (name) => withheld.has(name.toLowerCase())),
      withheld,
    },
  });
  return {
    redirect,
    proxyCredentials: credentials &&
      ((ask) => ask.proxy ? credentials(ask) : null),
    decidesCodings: fields.has(CODINGS) || withheld.has(CODINGS),
    call: (request, options) => start(core, planner, request, options),
  };
}

/** @throws {unknown} Why the call failed. */
async function start(
  core: AgentCore,
  planner: Planner,
  asked: HttpRequest,
  options: FetchCallOptions,
): Promise<FetchCall> {
  const starting = core.start(asked, options, planner);
  const call = starting instanceof Promise ? await starting : starting;
  const result = await call.run(false);
  const { received: body, attempt, end, decoding } = result;
  const { url } = attempt.request;
  const head = body.response;
  // Many a response comes whole, in one read. It needs no stream.
  const arrived = decoding === null
    ? body.takeArrived((bytes) => bodyInit(bytes, head.headers))
    : null;
  if (arrived === null) {
    const explain = (error: unknown) => explainError(error, url);
    return new AgentExchange(call, result, explain);
  }
  return {
    head,
    url,
    hops: end.hops,
    redirect: attempt.parts.driver.redirectOf(head),
    upgraded: false,
    body: arrived,
    discard() {},
    handOut() {},
  };
}
