// The grammar of WWW-Authenticate and Proxy-Authenticate (RFC 9110 §11.2,
// §11.3, §11.6.1):
//
//   list      = [ element ] *( OWS "," OWS [ element ] )
//   element   = scheme [ 1*SP ( token68 / parameter ) ] / parameter
//   parameter = token BWS "=" BWS ( token / quoted-string )
//
// Commas separate both challenges and parameters, so the form of an element
// decides which of the two it is: a name before an equals sign is a parameter of
// the previous challenge, and any other token starts a challenge. After a scheme,
// `a=` is a token68 and `a=b` a parameter, because a token68 fills its element.
//
// Anything that breaks the grammar is skipped up to the next comma outside a
// quoted string, and anything before it is kept. A quoted string that is never
// closed extends to the end. Nothing is scanned more than a fixed number of
// times, so the cost is linear in the text.

import { endOfToken68 } from "./_token68.ts";
import { BYTE_CLASS, isBlank, isFieldText, TOKEN } from "./_syntax.ts";

const QUOTE = 0x22;
const COMMA = 0x2c;
const EQUALS = 0x3d;
const BACKSLASH = 0x5c;

/** A challenge, as read. */
export interface ChallengeParts {
  /** In lowercase. */
  readonly scheme: string;
  readonly token68: string | null;
  /** The names in lowercase. Empty if there is a token68. */
  readonly params: ReadonlyMap<string, string>;
}

/** Reads the challenges of one field value. */
export class ChallengeReader {
  readonly #text: string;
  readonly #found: ChallengeParts[] = [];
  /** The parameters to add to, or `null` if none may follow. */
  #params: Map<string, string> | null = null;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Reads the whole list. Call it once. */
  readAll(): ChallengeParts[] {
    while (this.#at < this.#text.length) {
      this.#readElement();
      this.#skipBeyondComma();
    }
    return this.#found;
  }

  #readElement(): void {
    this.#skipBlanks();
    if (this.#readParam()) return;
    const scheme = this.#readToken();
    if (scheme !== null) this.#readChallenge(scheme.toLowerCase());
  }

  #readChallenge(scheme: string): void {
    this.#skipBlanks();
    const token68 = this.#readToken68();
    const params = new Map<string, string>();
    this.#found.push({ scheme, token68, params });
    // A challenge has either a token68 or parameters.
    this.#params = token68 === null ? params : null;
    if (token68 === null) this.#readParam();
  }

  /** Reads a parameter. Returns false if none starts here. */
  #readParam(): boolean {
    const name = this.#readParamName();
    if (name === null) return false;
    const value = this.#readParamValue();
    // A name must not occur twice in a challenge (RFC 9110 §11.2).
    if (value !== null && this.#params !== null && !this.#params.has(name)) {
      this.#params.set(name, value);
    }
    return true;
  }

  /** Reads a name and its equals sign, or returns `null`. */
  #readParamName(): string | null {
    const start = this.#at;
    this.#skipTokenChars();
    const end = this.#at;
    this.#skipBlanks();
    if (end === start || this.#text.charCodeAt(this.#at) !== EQUALS) {
      this.#at = start;
      return null;
    }
    this.#at++;
    this.#skipBlanks();
    return this.#text.slice(start, end).toLowerCase();
  }

  #readParamValue(): string | null {
    return this.#text.charCodeAt(this.#at) === QUOTE
      ? this.#readQuoted()
      : this.#readToken();
  }

  #readQuoted(): string | null {
    const start = this.#at + 1;
    if (!this.#skipQuoted()) return null;
    const inside = this.#text.slice(start, this.#at - 1);
    return isFieldText(inside) ? inside.replace(/\\(.)/g, "$1") : null;
  }

  /** Reads a token, or returns `null` if more than a token stands here. */
  #readToken(): string | null {
    const start = this.#at;
    this.#skipTokenChars();
    // For `a/b`, the value `a` would be wrong, which is worse than none.
    const next = this.#text.charCodeAt(this.#at);
    const whole = this.#isEnd() || next === COMMA || isBlank(next);
    return whole && this.#at > start ? this.#text.slice(start, this.#at) : null;
  }

  /** Reads a token68 that fills the rest of the element, or returns `null`. */
  #readToken68(): string | null {
    const start = this.#at;
    const end = endOfToken68(this.#text, start);
    this.#at = end;
    this.#skipBlanks();
    const last = this.#isEnd() || this.#text.charCodeAt(this.#at) === COMMA;
    if (end > start && last) return this.#text.slice(start, end);
    this.#at = start;
    return null;
  }

  #isEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  #skipBlanks(): void {
    while (isBlank(this.#text.charCodeAt(this.#at))) this.#at++;
  }

  #skipTokenChars(): void {
    const text = this.#text;
    let at = this.#at;
    while ((BYTE_CLASS[text.charCodeAt(at)] ?? 0) & TOKEN) at++;
    this.#at = at;
  }

  /** Skips a quoted string. Returns false if the text ends inside it. */
  #skipQuoted(): boolean {
    const text = this.#text;
    let at = this.#at + 1;
    while (at < text.length) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) {
        this.#at = at + 1;
        return true;
      }
      at += code === BACKSLASH ? 2 : 1;
    }
    this.#at = text.length;
    return false;
  }

  #skipBeyondComma(): void {
    while (!this.#isEnd()) {
      const code = this.#text.charCodeAt(this.#at);
      if (code === QUOTE) {
        this.#skipQuoted();
      } else {
        this.#at++;
        if (code === COMMA) return;
      }
    }
  }
}
