/** The version in `deno.json`, for `User-Agent`. */
export const VERSION = "0.2.0";
