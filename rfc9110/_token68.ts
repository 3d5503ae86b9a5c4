// `token68` of RFC 9110 §11.2, which RFC 6750 §2.1 calls `b64token`: base64 in
// any of its alphabets, with its padding at the end.

const CHARS = /[A-Za-z0-9\-._~+/]/;

/**
 * Finds where a token68 ends.
 *
 * @returns The index behind it, or `start` where there is none.
 */
export function endOfToken68(text: string, start: number): number {
  let end = start;
  while (end < text.length && CHARS.test(text[end]!)) end++;
  if (end === start) return start;
  while (text[end] === "=") end++;
  return end;
}

/** Tells whether the whole text, which is not empty, is a token68. */
export function isToken68(text: string): boolean {
  return text !== "" && endOfToken68(text, 0) === text.length;
}
