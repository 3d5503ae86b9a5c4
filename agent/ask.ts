// Asking for credentials. Calls that need the same credentials at the same time ask
// once: ten calls whose token has expired must not refresh it ten times.

import { isWorkers } from "../client/transport/node_socket.ts";
import type {
  HttpCredential,
  HttpCredentials,
  HttpCredentialsAsk,
} from "./credentials.ts";

type Pending = Map<string, Promise<HttpCredential | null>>;

const pending = new WeakMap<HttpCredentials, Pending>();

/** Calls a function, unless a call of it for the same peer is still pending. */
export function askForCredentials(
  credentials: HttpCredentials,
  ask: HttpCredentialsAsk,
): Promise<HttpCredential | null> {
  const asked: Pending = pending.get(credentials) ?? new Map();
  pending.set(credentials, asked);
  const { url, proxy, attempt } = ask;
  const key = JSON.stringify([url.protocol, url.host, proxy, attempt]);
  const other = asked.get(key);
  // On Workers, the request of the other call may have ended, and its promises with it.
  if (other !== undefined && !isWorkers()) return other;
  // An async function, because the caller's may throw.
  const find = async () => await credentials(ask) ?? null;
  const answer = find().finally(() => asked.delete(key));
  asked.set(key, answer);
  return answer;
}
