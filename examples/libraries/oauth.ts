// OAuth 2.0 in miniature (RFC 6749 §4.4, §5, §6): a token request, and a token
// that refreshes itself. No I/O and no clock, so it runs over any transport:
//
//   const { value } = await client.run(requestToken(app, grant, Date.now()));

import {
  Http11Send,
  HttpAuthBasic,
  type HttpFlow,
  HttpRequest,
  makeCoroutine,
  runCoroutine,
  Secret,
} from "@pimalaya/io-http";

/** A client that is registered with an authorization server. */
export interface OAuthApp {
  readonly tokenEndpoint: string | URL;
  readonly id: string;
  readonly secret: string;
}

/** A token; `expires` is in milliseconds since the epoch. */
export interface OAuthToken {
  readonly access: Secret;
  readonly refresh: Secret | null;
  readonly expires: number;
}

/** The server's reason not to issue a token (RFC 6749 §5.2). */
export interface OAuthRefusal {
  readonly error: string;
}

/** Requests a token for a grant, such as `{ grant_type: "client_credentials" }`. */
export function requestToken(
  app: OAuthApp,
  grant: Record<string, string>,
  now: number,
) {
  return makeCoroutine(() => sendGrant(app, grant, now));
}

/** Returns the token, or its successor if it expires within half a minute. */
export function freshToken(app: OAuthApp, token: OAuthToken, now: number) {
  return makeCoroutine(function* (): HttpFlow<OAuthToken | OAuthRefusal> {
    if (token.expires > now + 30_000 || token.refresh === null) return token;
    const refresh_token = token.refresh.expose();
    const grant = { grant_type: "refresh_token", refresh_token };
    const next = yield* sendGrant(app, grant, now);
    // A server that keeps the refresh token need not repeat it (§6).
    return "access" in next && next.refresh === null
      ? { ...next, refresh: token.refresh }
      : next;
  });
}

function* sendGrant(
  app: OAuthApp,
  grant: Record<string, string>,
  now: number,
): HttpFlow<OAuthToken | OAuthRefusal> {
  const [id, secret] = [app.id, app.secret].map(encodeURIComponent);
  const request = HttpRequest.post(app.tokenEndpoint, { form: grant })
    .header("Accept", "application/json")
    .header("Authorization", new HttpAuthBasic(id!, secret!).toAuthorization());
  const { response } = yield* runCoroutine(new Http11Send(request));
  const it = response.json() as Record<string, string>;
  if (!response.ok || it.access_token === undefined) {
    return { error: it.error ?? `status ${response.status}` };
  }
  return {
    access: new Secret(it.access_token),
    refresh: it.refresh_token ? new Secret(it.refresh_token) : null,
    expires: now + Number(it.expires_in ?? 3600) * 1000,
  };
}
