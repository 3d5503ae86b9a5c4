// CardDAV discovery in miniature (RFC 6764 §6, RFC 6352 §7.1): from a host to its
// address books. No I/O: the flow asks for bytes, and, with its own step, for
// another connection.

import {
  Http11Send,
  type HttpFlow,
  HttpRequest,
  type HttpResponse,
  makeCoroutine,
  runCoroutine,
  type Secret,
  WellKnown,
} from "@pimalaya/io-http";

const MAX_REDIRECTS = 5;
const DAV = 'xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:carddav"';

/** Asks to continue over a new connection to this URL's origin. */
export interface WantsConnection {
  readonly type: "WantsConnection";
  readonly url: URL;
}

/** An address book, and the name that the server shows for it. */
export interface AddressBook {
  readonly url: URL;
  readonly name: string;
}

/**
 * Lists the address books of a user. Starts on a connection to `base`.
 *
 * @param authorize The `Authorization` for an origin, `null` for none: a server
 * may refer to others, which must not get the password of this one.
 */
export function findAddressBooks(
  base: string | URL,
  authorize: (url: URL) => Secret | null,
) {
  return makeCoroutine(
    function* (): HttpFlow<AddressBook[], WantsConnection> {
      const start = new URL("/", base);
      const dav = { authorize, openOrigin: start.origin as string | null };
      const { response, redirect, keepAlive } = yield* runCoroutine(
        new WellKnown(start, "carddav"),
      );
      if (!keepAlive) dav.openOrigin = null;
      // Without the redirect, which some servers lack, try the root.
      const context = redirect?.url ?? start;
      if (response.isServerError) throw failure(start, response);
      const principal = yield* findHref(
        dav,
        context,
        "d:current-user-principal",
      );
      const home = yield* findHref(dav, principal, "c:addressbook-home-set");
      const properties = "<d:resourcetype/><d:displayname/>";
      const { url, items } = yield* propfind(dav, home, "1", properties);
      return items
        .filter((item) =>
          findElement(item, "resourcetype").includes("addressbook")
        )
        .map((item) => ({
          url: new URL(findElement(item, "href"), url),
          name: findElement(item, "displayname"),
        }));
    },
  );
}

interface Dav {
  readonly authorize: (url: URL) => Secret | null;
  /** The origin at the other end of the connection, if it is still open. */
  openOrigin: string | null;
}

/** Reads a property of a resource that is the URL of another one. */
function* findHref(
  dav: Dav,
  resource: URL,
  property: string,
): HttpFlow<URL, WantsConnection> {
  const { url, items } = yield* propfind(dav, resource, "0", `<${property}/>`);
  const name = property.slice(property.indexOf(":") + 1);
  const href = findElement(findElement(items[0] ?? "", name), "href");
  if (href === "") throw new Error(`${url.pathname} has no ${name}`);
  return new URL(href, url);
}

/** Sends a PROPFIND, and follows its redirects. */
function* propfind(
  dav: Dav,
  resource: URL,
  depth: "0" | "1",
  properties: string,
): HttpFlow<{ url: URL; items: string[] }, WantsConnection> {
  let url = resource;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    if (dav.openOrigin !== url.origin) yield { type: "WantsConnection", url };
    const request = new HttpRequest("PROPFIND", url, {
      headers: {
        Authorization: dav.authorize(url) ?? undefined,
        Depth: depth,
        "Content-Type": "application/xml; charset=utf-8",
      },
      body: `<d:propfind ${DAV}><d:prop>${properties}</d:prop></d:propfind>`,
    });
    const output = yield* runCoroutine(new Http11Send(request));
    const { response, redirect } = output;
    dav.openOrigin = output.keepAlive ? url.origin : null;
    if (redirect === null) {
      if (response.status !== 207) throw failure(url, response);
      return { url, items: findElements(response.text(), "response") };
    }
    url = redirect.url;
  }
  throw new Error(`${resource.origin}: more than ${MAX_REDIRECTS} redirects`);
}

function failure(url: URL, { status, reason }: HttpResponse): Error {
  return new Error(`${url.origin}${url.pathname}: ${status} ${reason}`);
}

/** The contents of each element of a name, in any namespace. */
function findElements(xml: string, name: string): string[] {
  const tag = `(?:[\\w.-]+:)?${name}`;
  const element = new RegExp(`<${tag}(?:\\s[^>]*)?>([^]*?)</${tag}\\s*>`, "g");
  return [...xml.matchAll(element)].map(([, content]) => content!);
}

/** The content of the first one, decoded if it is text. */
function findElement(xml: string, name: string): string {
  const content = findElements(xml, name)[0]?.trim() ?? "";
  if (content.includes("<")) return content;
  const entities: Record<string, string> = {
    "&lt;": "<",
    "&gt;": ">",
    "&quot;": '"',
    "&apos;": "'",
    "&amp;": "&",
  };
  return content.replace(/&\w+;/g, (entity) => entities[entity] ?? entity);
}
