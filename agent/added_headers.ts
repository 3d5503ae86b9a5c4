// The fields that an agent adds to requests.

import {
  appendFields,
  HttpHeaders,
  type HttpHeadersInit,
} from "../rfc9110/headers.ts";
import type { HttpAgentHeadersInit } from "./options.ts";

/** Fields to add to each request that has none of that name. */
export interface AddedHeaders {
  readonly fields: HttpHeaders;
  /** The names, in lowercase, of which not even a default is added. */
  readonly withheld: ReadonlySet<string>;
}

/** Adds nothing. */
export const NO_ADDED_HEADERS: AddedHeaders = {
  fields: new HttpHeaders(),
  withheld: new Set(),
};

/**
 * Adds more fields to others, of which those of the same name are replaced.
 *
 * @throws {TypeError} If a field is invalid.
 */
export function addHeaders(
  base: AddedHeaders,
  init: HttpAgentHeadersInit | undefined,
): AddedHeaders {
  if (init === undefined) return base;
  const nulls = new Set<string>();
  const own = new HttpHeaders(withoutNulls(init, nulls));
  const fields = new HttpHeaders(own);
  appendFields(fields, base.fields, (name) => {
    return !own.has(name) && !nulls.has(name.toLowerCase());
  });
  for (const name of base.withheld) if (!own.has(name)) nulls.add(name);
  return { fields, withheld: nulls };
}

/** Moves the names whose value is `null` into a set. */
function withoutNulls(
  init: HttpAgentHeadersInit,
  nulls: Set<string>,
): HttpHeadersInit {
  if (typeof init !== "object" || init === null || Symbol.iterator in init) {
    return init as HttpHeadersInit;
  }
  const others: [string, unknown][] = [];
  for (const [name, value] of Object.entries(init)) {
    if (value === null) nulls.add(name.toLowerCase());
    else others.push([name, value]);
  }
  return Object.fromEntries(others) as HttpHeadersInit;
}
