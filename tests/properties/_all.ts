// All properties.

import type { Property } from "./_property.ts";
import { EVENT_PROPERTIES } from "./events.ts";
import { HEADERS_PROPERTIES } from "./headers.ts";
import { REDIRECT_PROPERTIES } from "./redirects.ts";
import { REQUEST_PROPERTIES } from "./requests.ts";
import { RESPONSE_PROPERTIES } from "./responses.ts";
import { VALUE_PROPERTIES } from "./values.ts";

/** The properties. */
export const PROPERTIES: readonly Property[] = [
  ...RESPONSE_PROPERTIES,
  ...REQUEST_PROPERTIES,
  ...REDIRECT_PROPERTIES,
  ...HEADERS_PROPERTIES,
  ...EVENT_PROPERTIES,
  ...VALUE_PROPERTIES,
];
