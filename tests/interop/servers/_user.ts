// Servers that root starts give up its rights, and some insist on it.

/** The user to run as, `null` where the tests are not run by root. */
export function serverUser(): string | null {
  return Deno.uid() === 0 ? "www-data" : null;
}
