// The output of the demo for an exchange:
//
//   > bytes sent
//   < bytes received
//   = their meaning

import {
  type HttpCloseReason,
  HttpHeaders,
  type HttpResponse,
} from "@pimalaya/io-http";
import type { Connection } from "./connections.ts";
import type { Outcome } from "./exchanges.ts";

const MAX_COLUMNS = 96;
const TITLE_COLUMNS = 52;
const HEAD_END = "\r\n\r\n";

const CLOSE_REASONS: Record<HttpCloseReason, string> = {
  Upgraded: "speaks another protocol now",
  ReadToClose: "closed: its end was the end of the body",
  AmbiguousFraming: "closed: the fields leave open where the body ends",
  ResponseClose: "closed: the server said so (Connection: close)",
  RequestClose: "closed: the request said so (Connection: close)",
  Http10: "closed: HTTP/1.0, and nobody said keep-alive",
  RequestIncomplete: "closed: the response came before all was sent",
  UnexpectedBytes: "closed: bytes followed the response",
};

// Colors are for people: not for files and pipes, nor if NO_COLOR is set.
const hasColors = Deno.stdout.isTerminal() && !Deno.noColor;
type Style = (text: string) => string;
const paint = (code: number): Style => (text) =>
  hasColors ? `\x1b[${code}m${text}\x1b[0m` : text;
const plain: Style = (text) => text;
const bold = paint(1);
const dim = paint(2);
const blue = paint(34);
const green = paint(32);
const yellow = paint(33);

/** Prints a heading, and the connection that it is about. */
export function printTitle(title: string, { origin }: URL): void {
  console.log(`\n${bold(title.padEnd(TITLE_COLUMNS))}${dim(origin)}`);
}

/** Prints a less important line. */
export function printNote(note: string): void {
  console.log(dim(note));
}

/** Prints the request, from the bytes sent over the connection. */
export function printSent(sent: string): void {
  const end = sent.indexOf(HEAD_END);
  const [requestLine = "", ...fieldLines] = sent.slice(0, end).split("\r\n");
  printHead(
    blue(">"),
    requestLine,
    new HttpHeaders(fieldLines.map(splitField)),
  );
  const body = sent.slice(end + HEAD_END.length).split("\r\n");
  while (body.at(-1) === "") body.pop();
  for (const line of body) printLine(blue(">"), line);
}

/** Prints the response, and its meaning. */
export function printOutcome(
  { response, interim, redirect, closeReason }: Outcome,
  { number, client }: Connection,
): void {
  for (const { version, status, reason, headers } of [...interim, response]) {
    printHead(green("<"), `${version} ${status} ${reason}`, headers);
  }
  for (const line of bodyLines(response)) console.log(`      ${escape(line)}`);
  for (const line of formatFields(response.trailers)) {
    printLine(green("<"), `${line}  (trailer)`, dim);
  }
  for (const challenge of response.challenges()) {
    const realm = challenge.param("realm") ?? "without a name";
    printLine(yellow("="), `asks for ${challenge.scheme}, realm: ${realm}`);
  }
  if (redirect !== null) {
    const { origin, pathname, search } = redirect.url;
    const which = redirect.sameOrigin ? "the same origin" : "another origin";
    printLine(
      yellow("="),
      `points to ${origin}${pathname}${search} (${which})`,
    );
  }
  const fate = closeReason !== null
    ? CLOSE_REASONS[closeReason]
    : client.reusable
    ? "stays open: the response is whole, and nobody said close"
    : "closed: more came back than was asked for";
  printLine(yellow("="), `connection ${number} ${fate}`);
}

function printHead(mark: string, line: string, headers: HttpHeaders): void {
  printLine(mark, line);
  for (const field of formatFields(headers)) printLine(mark, field, dim);
}

/** Formats fields as lines. `toJSON` hides secrets. */
function formatFields(headers: HttpHeaders): string[] {
  return headers.toJSON().map(([name, value]) => `${name}: ${value}`);
}

function splitField(line: string): [name: string, value: string] {
  const colon = line.indexOf(":");
  return [line.slice(0, colon), line.slice(colon + 1)];
}

function bodyLines({ body }: HttpResponse): string[] {
  if (body.length === 0) return [];
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(body);
    return text.trimEnd().split(/\r?\n/);
  } catch {
    return [`(${body.length} bytes that are not text)`];
  }
}

function printLine(mark: string, line: string, style: Style = plain): void {
  const safe = escape(line);
  const cut = safe.length > MAX_COLUMNS - 6;
  const shown = cut ? `${safe.slice(0, MAX_COLUMNS - 7)}…` : safe;
  console.log(`    ${mark} ${style(shown)}`);
}

/** Removes control characters, which could move the cursor, or worse. */
function escape(line: string): string {
  // deno-lint-ignore no-control-regex
  return line.replace(/[\x00-\x08\x0a-\x1f\x7f-\x9f]/g, "\ufffd");
}
