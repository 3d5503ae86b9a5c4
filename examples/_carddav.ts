// A CardDAV server with one address book, for one user.

const AUTHORIZATION = `Basic ${btoa("Aladdin:open sesame")}`;
const MULTISTATUS = 'xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"';

/** The response of each resource to its PROPFIND. */
const PROPERTIES: Readonly<
  Record<string, readonly [path: string, prop: string][]>
> = {
  "/dav/": [[
    "/dav/",
    "<current-user-principal><href>/dav/users/aladdin/</href></current-user-principal>",
  ]],
  "/dav/users/aladdin/": [[
    "/dav/users/aladdin/",
    "<C:addressbook-home-set><href>/dav/books/</href></C:addressbook-home-set>",
  ]],
  "/dav/books/": [
    ["/dav/books/", "<resourcetype><collection/></resourcetype>"],
    [
      "/dav/books/friends/",
      "<resourcetype><collection/><C:addressbook/></resourcetype>" +
      "<displayname>Friends &amp; family</displayname>",
    ],
  ],
};

/** Answers a PROPFIND. */
export function answerCarddav(request: Request): Response {
  if (request.headers.get("authorization") !== AUTHORIZATION) {
    return new Response("Who are you?\n", {
      status: 401,
      headers: { "WWW-Authenticate": 'Basic realm="The cave"' },
    });
  }
  const resources = PROPERTIES[new URL(request.url).pathname];
  if (request.method !== "PROPFIND" || resources === undefined) {
    return new Response("Not here\n", { status: 404 });
  }
  const responses = resources.map(([path, prop]) =>
    `<response><href>${path}</href><propstat><prop>${prop}</prop>` +
    `<status>HTTP/1.1 200 OK</status></propstat></response>`
  );
  const xml = `<multistatus ${MULTISTATUS}>${responses.join("")}</multistatus>`;
  return new Response(xml, {
    status: 207,
    headers: { "Content-Type": "application/xml; charset=utf-8" },
  });
}
