// Certificates for TLS over loopback. `certs/make.sh` made them, with openssl, and
// explains each of them.

/** A certificate in PEM, and its private key. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

/** The authority that signed all of the following. */
export const CA = read("ca.pem");

/** An authority that signed none of them. */
export const OTHER_CA = read("other_ca.pem");

/** A server's, for `localhost`, `127.0.0.1` and `::1`. */
export const SERVER: Identity = identity("server");

/** A server's, for `example.test` alone. */
export const NAMED: Identity = identity("named");

/** A client's. */
export const CLIENT: Identity = identity("client");

function identity(name: string): Identity {
  return { cert: read(`${name}.pem`), key: read(`${name}.key`) };
}

function read(name: string): string {
  return Deno.readTextFileSync(new URL(`./certs/${name}`, import.meta.url));
}
