// How one hop of a call answers the challenges of its origin or of its proxy. Each
// of the two has its own machine, so that neither gets the other's credentials.
//
// | the request carried              | the challenge          | then            |
// |----------------------------------|------------------------|-----------------|
// | a field of the caller's          | any                    | nothing         |
// | no credentials                   | any                    | answer, with    |
// |                                  |                        | those kept or   |
// |                                  |                        | asked for       |
// | credentials that another call    | any                    | answer with the |
// | has replaced since               |                        | new ones, once  |
// | a kept digest, ahead of any      | any                    | answer with it, |
// | challenge                        |                        | once            |
// | a digest                         | stale=true             | answer again,   |
// |                                  |                        | once            |
// | a token                          | error="invalid_token"  | ask again, once |
// | other kept credentials           | any                    | ask             |
// | an answer to this challenge      | any other              | nothing         |

import { dropUserinfo } from "../rfc9110/_url.ts";
import type { HttpChallenge } from "../rfc9110/challenge.ts";
import {
  type AnswerRules,
  Authorization,
  type AuthorizedRequest,
  type HttpCredential,
  type HttpCredentials,
  type HttpCredentialsAsk,
  type HttpPassword,
} from "./credentials.ts";
import {
  credentialsFoundBy,
  type CredentialStore,
  type HttpCallMemory,
  openMemory,
} from "./memory.ts";

/** The source of a call's credentials. */
export interface CredentialSource {
  readonly credentials: HttpCredentials | null;
  readonly memory: HttpCallMemory;
  readonly random: () => number;
}

/** Authenticates to an origin; `null` if there is no source of credentials. */
export function authenticateOrigin(
  url: URL,
  userinfo: HttpPassword | null,
  source: CredentialSource,
): Authentication | null {
  // Few requests have either, and serializing an origin takes time.
  if (userinfo === null && source.credentials === null) return null;
  return authenticate({ url, proxy: false, userinfo, key: url.origin }, source);
}

/** Authenticates to a proxy; `null` if there is no source of credentials. */
export function authenticateProxy(
  proxy: URL,
  source: CredentialSource,
): Authentication | null {
  const url = new URL(proxy);
  const userinfo = takeUserinfo(url);
  const key = `proxy ${url.protocol}//${url.host}`;
  return authenticate({ url, proxy: true, userinfo, key }, source);
}

function authenticate(
  to: Pick<AuthenticationInit, "url" | "proxy" | "userinfo" | "key">,
  { credentials, memory, random }: CredentialSource,
): Authentication | null {
  const { userinfo } = to;
  if (userinfo !== null) {
    const { username, password } = userinfo;
    const key = JSON.stringify([to.key, username, password]);
    const store = openMemory(memory).userinfo;
    return new Authentication({ ...to, key, store, random });
  }
  if (credentials === null) return null;
  const store = credentialsFoundBy(credentials, memory);
  return new Authentication({ ...to, store, random });
}

/** Removes the userinfo of a URL, and returns it if there is any. */
export function takeUserinfo(url: URL): HttpPassword | null {
  const { username, password } = url;
  if (username === "" && password === "") return null;
  dropUserinfo(url);
  return { username: decode(username), password: decode(password) };
}

/** Decodes percent-encoding; any other "%" stands for itself. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The peer to authenticate to, and the credentials for it. */
interface AuthenticationInit {
  /** The requested URL, or the proxy's, without userinfo. */
  readonly url: URL;
  readonly proxy: boolean;
  /** The userinfo of the URL, or `null` to ask for credentials. */
  readonly userinfo: HttpPassword | null;
  /** The store of the credentials. */
  readonly store: CredentialStore;
  readonly key: string;
  readonly random: () => number;
}

/** The reaction to challenges. */
export type Reaction =
  | { readonly type: "Resend" }
  | { readonly type: "Ask"; readonly ask: HttpCredentialsAsk }
  | { readonly type: "Stop" };

const RESEND: Reaction = { type: "Resend" };
const STOP: Reaction = { type: "Stop" };

/** Authenticates one request, which may be sent several times. */
export class Authentication {
  readonly #init: AuthenticationInit;
  /** The credentials that the last request carried. */
  #sent: Authorization | null = null;
  #coversBody = true;
  #challenges: readonly HttpChallenge[] = [];
  #refused = 0;
  /** The steps that it has taken. It takes some of them only once. */
  readonly #taken = new Set<"answer" | "adopt" | "renew" | "ask" | "refresh">();

  constructor(init: AuthenticationInit) {
    this.#init = init;
  }

  /** Returns the field value to send, or `null`. */
  authorize(request: AuthorizedRequest): string | null {
    const { store, key, random } = this.#init;
    this.#sent = store.get(key);
    this.#coversBody = request.body !== undefined;
    return this.#sent?.write(request, random) ?? null;
  }

  /**
   * Reads the peer's own proof, if it accepted a digest.
   *
   * @throws {HttpError} If the proof is wrong.
   */
  learn(info: string | null): void {
    if (info !== null) this.#sent?.digest?.learn(info);
  }

  /** Decides how to react to a 401 or 407. */
  challenged(challenges: readonly HttpChallenge[]): Reaction {
    this.#challenges = challenges;
    const { store, key, userinfo } = this.#init;
    const sent = this.#sent;
    const kept = store.get(key);
    if (kept !== null && kept !== sent && this.#takeOnce("adopt")) {
      return this.#resend();
    }
    if (sent === null) {
      return userinfo === null ? this.#ask() : this.accept(userinfo);
    }
    if (sent.digest !== null) {
      const isStale = challenges.some(saysStale);
      if (isStale ? this.#takeOnce("renew") : !this.#taken.has("answer")) {
        return this.#answer(sent.renew(challenges, this.#rules));
      }
    }
    store.drop(key, sent);
    this.#refused++;
    if (userinfo !== null) return STOP;
    if (sent.scheme === "bearer" && challenges.some(saysInvalidToken)) {
      return this.#takeOnce("refresh") ? this.#ask() : STOP;
    }
    return this.#taken.has("ask") ? STOP : this.#ask();
  }

  /** Takes the credentials that were asked for. */
  accept(credential: HttpCredential | null): Reaction {
    const { store, key } = this.#init;
    const kept = store.get(key);
    // Another call was faster. Use its digest, which counts the nonces for both.
    if (kept !== null) return this.#resend();
    if (credential === null) return STOP;
    return this.#answer(
      Authorization.find(credential, this.#challenges, this.#rules),
    );
  }

  get #rules(): AnswerRules {
    const { url, proxy, userinfo } = this.#init;
    return {
      // Never over plain http, unless the caller wrote it into the URL.
      basicForPassword: url.protocol === "https:" || proxy || userinfo !== null,
      coversBody: this.#coversBody,
    };
  }

  #ask(): Reaction {
    const { url, proxy } = this.#init;
    const challenges = this.#challenges;
    if (challenges.length === 0) return STOP;
    this.#taken.add("ask");
    const attempt = this.#refused + 1;
    // A copy, because the caller's function may change it.
    const ask = { url: new URL(url), proxy, challenges, attempt };
    return { type: "Ask", ask };
  }

  #answer(authorization: Authorization | null): Reaction {
    if (authorization === null) return STOP;
    this.#init.store.put(this.#init.key, authorization);
    return this.#resend();
  }

  #resend(): Reaction {
    this.#taken.add("answer");
    return RESEND;
  }

  /** Takes a step. Returns whether this is the first time. */
  #takeOnce(step: "adopt" | "renew" | "refresh"): boolean {
    const isFirst = !this.#taken.has(step);
    this.#taken.add(step);
    return isFirst;
  }
}

function saysStale(challenge: HttpChallenge): boolean {
  return challenge.scheme === "digest" &&
    challenge.param("stale")?.toLowerCase() === "true";
}

function saysInvalidToken(challenge: HttpChallenge): boolean {
  return challenge.scheme === "bearer" &&
    challenge.param("error") === "invalid_token";
}
