// The servers that clients are measured against, each in another process:
// nginx if it is installed, otherwise our own. See
// `_canned_server.ts` for the paths; nginx serves all but POST.

/** A server that runs until it is disposed of. */
export interface Server extends AsyncDisposable {
  /** Its name in the table. */
  readonly name: string;
  /** Its origin, on the loopback interface. */
  readonly origin: string;
}

/** A server that also speaks TLS, with a certificate of the tests. */
export interface CannedServer extends Server {
  /** Its origin over TLS. */
  readonly tlsOrigin: string;
}

const CANNED_SERVER = new URL("./_canned_server.ts", import.meta.url);

/** Starts nginx if it is installed, otherwise our own server. */
export async function startServer(bodyBytes: number): Promise<Server> {
  const version = await nginxVersion();
  return version === null
    ? await startCannedServer()
    : await startNginx(version, bodyBytes);
}

/** Starts our own server. */
export async function startCannedServer(): Promise<CannedServer> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--allow-net", CANNED_SERVER.href],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value, done } = await reader.read();
  if (done) throw new Error("The server did not start");
  const [port, tlsPort] = value.trim().split(" ");
  return {
    name: "a server that answers without parsing",
    origin: `http://127.0.0.1:${port}`,
    tlsOrigin: `https://127.0.0.1:${tlsPort}`,
    async [Symbol.asyncDispose]() {
      await child.stdin.close();
      await reader.cancel();
      await child.status;
    },
  };
}

async function nginxVersion(): Promise<string | null> {
  try {
    const { stderr } = await new Deno.Command("nginx", { args: ["-v"] })
      .output();
    const text = new TextDecoder().decode(stderr);
    return /nginx\/[\d.]+/.exec(text)?.[0] ?? null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

async function startNginx(name: string, bodyBytes: number): Promise<Server> {
  const folder = await Deno.makeTempDir();
  const port = freePort();
  await Deno.mkdir(`${folder}/bytes`);
  const body = new Uint8Array(bodyBytes).fill(0x78);
  await Deno.writeFile(`${folder}/bytes/${bodyBytes}`, body);
  await Deno.writeTextFile(`${folder}/nginx.conf`, nginxConfig(folder, port));
  const child = new Deno.Command("nginx", {
    args: ["-p", folder, "-e", "stderr", "-c", `${folder}/nginx.conf`],
    stdin: "null",
    stdout: "null",
    stderr: "inherit",
  }).spawn();
  await waitForPort(port);
  return {
    name,
    origin: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      child.kill();
      await child.status;
      await Deno.remove(folder, { recursive: true });
    },
  };
}

function nginxConfig(folder: string, port: number): string {
  return `daemon off;
master_process off;
pid ${folder}/nginx.pid;
worker_rlimit_nofile 8192;
events { worker_connections 4096; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  default_type text/plain;
  keepalive_requests 1000000000;
  keepalive_timeout 1h;
  client_body_temp_path ${folder};
  proxy_temp_path ${folder};
  fastcgi_temp_path ${folder};
  uwsgi_temp_path ${folder};
  scgi_temp_path ${folder};
  server {
    listen 127.0.0.1:${port};
    root ${folder};
    location = /small { return 200 "hello world"; }
  }
}
`;
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function waitForPort(port: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    try {
      using _conn = await Deno.connect({ hostname: "127.0.0.1", port });
      return;
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error(`nginx does not listen on port ${port}`);
}
