// Names with values from a caller, who may pass pairs or a record.

import { invalid } from "../core/quote.ts";

/**
 * Visits each name with each of its values. In a record, an array is several
 * values, and `undefined` none.
 *
 * @param kind The name of `init`, for messages.
 * @throws {TypeError} If `init` is neither pairs nor a record.
 */
export function forEachEntry(
  init: unknown,
  kind: string,
  visit: (name: string, value: unknown) => void,
): void {
  if (typeof init !== "object" || init === null) {
    throw invalid(kind, "it is neither pairs nor a record");
  }
  if (Symbol.iterator in init) {
    for (const pair of init as Iterable<unknown>) {
      if (!Array.isArray(pair) || pair.length !== 2) {
        throw invalid(kind, "an element is not a pair");
      }
      visit(pair[0], pair[1]);
    }
    return;
  }
  for (const [name, value] of Object.entries(init)) {
    if (Array.isArray(value)) value.forEach((element) => visit(name, element));
    else if (value !== undefined) visit(name, value);
  }
}
