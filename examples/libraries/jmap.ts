// JMAP in miniature (RFC 8620 §2, §3): the session, then one method call. No I/O:
// the flow asks for bytes, and, with its own step, for another connection.

import {
  Http11Send,
  type HttpFlow,
  HttpRequest,
  makeCoroutine,
  redirectRequest,
  runCoroutine,
  type Secret,
} from "@pimalaya/io-http";

const CORE = "urn:ietf:params:jmap:core";
const MAX_REDIRECTS = 5;

/** Asks to continue over a new connection to this URL's origin. */
export interface WantsConnection {
  readonly type: "WantsConnection";
  readonly url: URL;
}

interface Session {
  readonly apiUrl: string;
  readonly primaryAccounts: Readonly<Record<string, string>>;
}

/**
 * Calls one method, such as `Mailbox/get` of `urn:ietf:params:jmap:mail`, in the
 * account that the session has for it. Starts on a connection to the origin.
 */
export function callMethod(
  origin: string | URL,
  authorization: Secret,
  capability: string,
  method: string,
  args: Record<string, unknown> = {},
) {
  const headers = { Accept: "application/json", Authorization: authorization };
  return makeCoroutine(function* (): HttpFlow<unknown, WantsConnection> {
    const start = new URL("/.well-known/jmap", origin);
    const connection = { origin: start.origin };
    const session = yield* fetchJson<Session>(
      HttpRequest.get(start, { headers }),
      connection,
    );
    const accountId = session.primaryAccounts[capability];
    const methodCalls = [[method, { accountId, ...args }, "0"]];
    const json = { using: [CORE, capability], methodCalls };
    const { methodResponses } = yield* fetchJson<{
      methodResponses: [name: string, result: unknown][];
    }>(HttpRequest.post(session.apiUrl, { headers, json }), connection);
    const [name, result] = methodResponses[0]!;
    if (name !== method) throw new Error(`JMAP: ${JSON.stringify(result)}`);
    return result;
  });
}

/** Sends a request, follows its redirects, and parses the JSON. */
function* fetchJson<T>(
  request: HttpRequest,
  connection: { origin: string | null },
): HttpFlow<T, WantsConnection> {
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const { url } = request;
    if (connection.origin !== url.origin) {
      yield { type: "WantsConnection", url };
    }
    const output = yield* runCoroutine(new Http11Send(request));
    connection.origin = output.keepAlive ? url.origin : null;
    if (output.redirect !== null) request = redirectRequest(request, output);
    else if (output.response.ok) return output.response.json() as T;
    else throw new Error(`JMAP: ${output.response.status}`);
  }
  throw new Error("JMAP: too many redirects");
}
