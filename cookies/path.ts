// Paths of cookies (RFC 6265bis §5.1.4).

/** Returns the path of a cookie without `Path`: the request's folder. */
export function defaultPath(requestPath: string): string {
  const slash = requestPath.lastIndexOf("/");
  return slash <= 0 ? "/" : requestPath.slice(0, slash);
}

/** Returns true if a request's path is the cookie's path or below it. */
export function pathMatches(requestPath: string, cookiePath: string): boolean {
  return requestPath.startsWith(cookiePath) &&
    (requestPath.length === cookiePath.length || cookiePath.endsWith("/") ||
      requestPath[cookiePath.length] === "/");
}
