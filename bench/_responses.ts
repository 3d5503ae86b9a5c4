// The responses that are parsed. Their bodies are empty, so that a parser which
// reads on after the head finds the next message at once.

/** A head as a small API sends it: 5 fields. */
export const SMALL_HEAD = withFields([
  "Server: nginx/1.27.0",
  "Date: Mon, 06 Jan 2025 10:00:00 GMT",
  "Content-Type: text/plain",
  "Content-Length: 0",
  "Connection: keep-alive",
]);

/** A head as a site behind a cache sends it: 14 fields, 1.1 KB. */
export const LARGE_HEAD = withFields([
  "Server: nginx/1.27.0",
  "Date: Mon, 06 Jan 2025 10:00:00 GMT",
  "Content-Type: text/html; charset=utf-8",
  "Content-Length: 0",
  "Connection: keep-alive",
  "Cache-Control: public, max-age=300, stale-while-revalidate=86400",
  'ETag: W/"5f1c-18f3a2b7c40d9e6a51"',
  "Vary: Accept-Encoding, Accept-Language, Origin",
  "Content-Security-Policy: default-src 'self'; script-src 'self' " +
  "https://static.example.com; img-src 'self' data: https://img.example.com; " +
  "style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'self'",
  "Strict-Transport-Security: max-age=63072000; includeSubDomains; preload",
  "Set-Cookie: session=0d6b2f9a4c8e41b7a3f5d2c6e9018b74; Path=/; " +
  "Expires=Tue, 06 Jan 2026 10:00:00 GMT; Secure; HttpOnly; SameSite=Lax",
  "Link: </assets/site.4f0c1d.css>; rel=preload; as=style, " +
  "</assets/site.9b27aa.js>; rel=preload; as=script",
  "Permissions-Policy: camera=(), microphone=(), geolocation=(), payment=()",
  'Report-To: {"group":"default","max_age":86400,"endpoints":' +
  '[{"url":"https://reports.example.com/collect/7c9e6679-7425-40de"},' +
  '{"url":"https://reports-b.example.com/collect/944b-e07fc1f90ae7"}]}',
]);

/** A whole response: the small head, and a body of 11 bytes. */
export const SMALL_RESPONSE =
  SMALL_HEAD.replace("Content-Length: 0", "Content-Length: 11") + "hello world";

function withFields(fields: readonly string[]): string {
  return `HTTP/1.1 200 OK\r\n${fields.join("\r\n")}\r\n\r\n`;
}
