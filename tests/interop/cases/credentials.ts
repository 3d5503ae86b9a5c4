// An agent that answers the challenges of a server.

import { assertEquals } from "@std/assert";
import { HttpAuthBasic } from "@pimalaya/io-http";
import { HttpAgent, type HttpCredentials } from "@pimalaya/io-http/agent";
import { HttpAuthDigest } from "@pimalaya/io-http/auth/digest";
import { assertOk, type Run } from "../../exchanges/_session.ts";
import { HELLO, PASSWORD, USER } from "../../exchanges/_site.ts";

const login: HttpCredentials = () => ({ username: USER, password: PASSWORD });
const basic: HttpCredentials = () => new HttpAuthBasic(USER, PASSWORD);

/** The cases, by their title. */
export const CREDENTIALS = {
  "Basic": (run: Run) => checkAttempts(run, "private", basic),
  /** Its server proves itself if it can. */
  "Digest, MD5": (run: Run) => checkAttempts(run, "digest"),
  "Digest, SHA-256, userhash": (run: Run) =>
    checkAttempts(run, "digest-sha-256"),
  "Digest, SHA-512-256": (run: Run) => checkAttempts(run, "digest-sha-512-256"),
  "Digest, a nonce for each request": (run: Run) =>
    checkAttempts(run, "digest-once"),

  /** Each of them with its own count. */
  async "Digest, 20 requests at once"(run: Run) {
    const agent = run.use(new HttpAgent({ credentials: login }));
    const url = urlOf(run, "digest");
    await agent.send(url);
    const outputs = await Promise.all(
      Array.from({ length: 20 }, () => agent.send(url)),
    );
    for (const { response, attempts } of outputs) {
      assertEquals([response.status, attempts], [200, 1]);
    }
  },

  async "Digest, userinfo of the URL"(run: Run) {
    const url = urlOf(run, "digest");
    url.username = USER;
    url.password = PASSWORD;
    assertOk(await run.use(new HttpAgent()).send(url), HELLO);
  },

  /** The caller gets its 401. */
  async "A wrong password"(run: Run) {
    for (
      const [path, Auth] of [["private", HttpAuthBasic], [
        "digest",
        HttpAuthDigest,
      ]] as const
    ) {
      const credentials: HttpCredentials = ({ attempt }) =>
        attempt === 1 ? new Auth(USER, "wrong") : null;
      const agent = run.use(new HttpAgent({ credentials }));
      const { response } = await agent.send(urlOf(run, path));
      assertEquals(response.status, 401);
    }
  },
};

function urlOf({ origins }: Run, folder: string): URL {
  return new URL(`${origins[0]}/${folder}/hello`);
}

/** Checks that only the first of three calls takes a second request. */
async function checkAttempts(
  run: Run,
  folder: string,
  credentials = login,
): Promise<void> {
  const agent = run.use(new HttpAgent({ credentials }));
  for (const expected of [2, 1, 1]) {
    const output = await agent.send(urlOf(run, folder));
    assertOk(output, HELLO);
    assertEquals(output.attempts, expected);
  }
}
