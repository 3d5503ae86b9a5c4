// `token68` of RFC 9110 §11.2, which RFC 6750 §2.1 calls `b64token`: base64 in
// any of its alphabets, with its padding at the end.

const CHARS = /[A-Za-z0-9\-._~+/]/;

/** Returns the index after a token68, or `start` if there is none. */
export function endOfToken68(text: string, start: number): number {
  let end = start;
  while (end < text.length && CHARS.test(text[end]!)) end++;
  if (end === start) return start;
  while (text[end] === "=") end++;
  return end;
}

/** Returns whether a text is a token68. */
export function isToken68(text: string): boolean {
  return text !== "" && endOfToken68(text, 0) === text.length;
}
