// The parts of `node:net`, `node:tls`, and others that we use. They are loaded on
// first use, because this module also loads in browsers, and typed here, because
// programs that compile against this package may lack Node's types.

/** The option `onread` of `net.connect`: reads into the caller's buffers. */
export interface OnRead {
  /** Returns the buffer to read into next. */
  buffer(): Uint8Array;
  /** Takes the bytes read, and returns false to pause. */
  callback(length: number, buffer: Uint8Array): boolean;
}

/** A `net.Socket`, a `tls.TLSSocket`, or another `stream.Duplex`. */
export interface NodeSocket {
  readonly destroyed: boolean;
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  on(event: "data", listener: (bytes: Uint8Array) => void): this;
  on(event: "end" | "connect" | "secureConnect", listener: () => void): this;
  on(event: "error", listener: (error: Error) => void): this;
  on(event: "close", listener: () => void): this;
  // deno-lint-ignore no-explicit-any
  off(event: string, listener: (...args: any[]) => void): this;
  write(
    bytes: Uint8Array,
    onWritten?: ((error?: Error | null) => void) | undefined,
  ): boolean;
  write(
    text: string,
    encoding: "latin1",
    onWritten: (error?: Error | null) => void,
  ): boolean;
  end(onFinished?: (error?: Error | null) => void): this;
  cork(): void;
  uncork(): void;
  pause(): this;
  resume(): this;
  destroy(error?: Error): this;
  setNoDelay?(on: boolean): this;
  setKeepAlive?(on: boolean, milliseconds: number): this;
  ref?(): this;
  unref?(): this;
}

/** A `tls.TLSSocket`. */
export interface NodeTlsSocket extends NodeSocket {
  /** Whether nothing more will be read; not a documented property. */
  readonly _readableState?: { readonly ended: boolean };
  readonly alpnProtocol: string | false | null;
}

/** A `stream.Duplex` that we implement. */
export interface NodeDuplex extends NodeSocket {
  readonly writableNeedDrain: boolean;
  once(event: "drain", listener: () => void): this;
  prependListener(event: "end", listener: () => void): this;
  push(bytes: Uint8Array | null): boolean;
  /** Tells the same as `Transport.mayHaveMore`. */
  mayHaveMore(): boolean;
}

/** A `tls.SecureContext`. */
export interface NodeSecureContext {
  readonly context: { addCACert(pem: string): void };
}

/** The part of `node:net` that we use. */
interface NodeNet {
  connect(
    options: {
      readonly host?: string;
      readonly port?: number;
      readonly path?: string;
      readonly allowHalfOpen: boolean;
      readonly onread?: OnRead;
    },
  ): NodeSocket;
  isIP(text: string): number;
}

/** The part of `node:tls` that we use. */
interface NodeTls {
  connect(
    options: {
      readonly socket: NodeSocket;
      readonly host: string;
      readonly servername: string;
      readonly ALPNProtocols: string[];
      readonly secureContext: NodeSecureContext;
    },
  ): NodeTlsSocket;
  createSecureContext(
    options: { cert?: string; key?: string },
  ): NodeSecureContext;
}

/** The part of `node:dns` that we use. */
interface NodeDns {
  readonly promises: {
    lookup(
      hostname: string,
      options: { readonly all: true },
    ): Promise<{ readonly address: string }[]>;
  };
}

/** The part of `node:stream` that we use. */
interface NodeStream {
  readonly Duplex: new (
    options: {
      readonly writableHighWaterMark: number;
      read(this: NodeDuplex): void;
      write(
        this: NodeDuplex,
        bytes: Uint8Array,
        encoding: string,
        callback: (error?: unknown) => void,
      ): void;
      final(this: NodeDuplex, callback: (error?: unknown) => void): void;
      destroy(
        this: NodeDuplex,
        error: Error | null,
        callback: (error: Error | null) => void,
      ): void;
    },
  ) => NodeDuplex;
}

interface Modules {
  "node:net": NodeNet;
  "node:tls": NodeTls;
  "node:dns": NodeDns;
  "node:stream": NodeStream;
}

interface Process {
  readonly env?: Record<string, string | undefined>;
  readonly versions?: { readonly node?: string };
  getBuiltinModule?(name: string): unknown;
}

/** Returns whether the runtime is Node itself, not another one with its modules. */
export function isNode(): boolean {
  // First: on Deno, the first access to `process` takes 10 ms.
  const isOther = "Deno" in globalThis || "Bun" in globalThis || isWorkers();
  return !isOther && processOf()?.versions?.node !== undefined;
}

/** Returns whether the runtime is that of Cloudflare Workers. */
export function isWorkers(): boolean {
  const { navigator } = globalThis as {
    readonly navigator?: { readonly userAgent?: string };
  };
  return navigator?.userAgent === "Cloudflare-Workers";
}

/** Returns whether the runtime has `process.getBuiltinModule`. */
export function hasNodeModules(): boolean {
  return typeof processOf()?.getBuiltinModule === "function";
}

/**
 * Loads a built-in module of Node.
 *
 * @throws {TypeError} If the runtime does not have it.
 */
export function loadNode<Name extends keyof Modules>(
  name: Name,
): Modules[Name] {
  const module = processOf()?.getBuiltinModule?.(name);
  if (module !== undefined) return module as Modules[Name];
  throw new TypeError(
    `Cannot load ${name}: this runtime has no \`process.getBuiltinModule\` ` +
      "(Node 22 or later, Bun, and Deno have it)",
  );
}

/** Returns the environment, which is empty if the runtime has none. */
export function environment(): Record<string, string | undefined> {
  return processOf()?.env ?? {};
}

function processOf(): Process | undefined {
  return (globalThis as { process?: Process }).process;
}
