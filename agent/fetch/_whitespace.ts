// White space around a text. A pattern that ends in `+$` takes quadratic time for
// white space in the middle.

/** HTTP whitespace (WHATWG Fetch §2.2). */
const HTTP = "\t\n\r ";

/** Removes white space at both ends. */
export function trim(text: string, whitespace: string = HTTP): string {
  let start = 0;
  while (start < text.length && whitespace.includes(text[start]!)) start++;
  return trimEnd(text.slice(start), whitespace);
}

/** Removes white space at the end. */
export function trimEnd(text: string, whitespace: string = HTTP): string {
  let end = text.length;
  while (end > 0 && whitespace.includes(text[end - 1]!)) end--;
  return text.slice(0, end);
}
