/** What strangers send to the live page's server. A test in tests/commands/watch_test.ts has the page itself. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { type Answer, PageServer, type PageServerOptions } from "../../../src/views/page/page_server.ts";
import { within } from "../../support/penstock.ts";
import { get, rawRequest } from "./raw_request.ts";

const SECRET = "the state of the run";
const TOKEN = "t0ken-t0ken-t0ken-t0ken-t0ken";

/** The number of a server's open connections. */
class Connections {
  #open = 0;
  #waiting: { readonly count: number; readonly resolve: () => void }[] = [];

  readonly take = (open: number): void => {
    this.#open = open;
    for (const { count, resolve } of this.#waiting) if (count === open) resolve();
  };

  /** Waits until there are so many. */
  async are(count: number): Promise<void> {
    if (this.#open === count) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ count, resolve });
    await within(promise, `${count} open connections`, 20_000);
  }
}

function listen(given: Partial<PageServerOptions> = {}): PageServer {
  const answer = (body: Answer["body"]): Answer => ({ status: 200, type: "text/plain", body });
  return PageServer.listen({
    ...{ hostname: "127.0.0.1", port: 0, names: ["desk.lan"], token: null },
    routes: {
      "/": () => answer(SECRET),
      "/endless": () =>
        answer(async function* (signal) {
          while (!signal.aborted) yield await Promise.resolve(new Uint8Array(1 << 20));
        }),
    },
    onFailure: (error) => {
      throw error;
    },
    ...given,
  });
}

/** What is sent, and the status of the answer; 0 for none. */
const HOSTILE: Readonly<Record<string, readonly [request: string, status: number]>> = {
  "another name for this machine (DNS rebinding)": ["GET / HTTP/1.1\r\nHost: evil.test\r\n\r\n", 403],
  "a name that starts like loopback": ["GET / HTTP/1.1\r\nHost: 127.0.0.1.evil.test:8080\r\n\r\n", 403],
  "a name below localhost's": ["GET / HTTP/1.1\r\nHost: evil.localhost.test\r\n\r\n", 403],
  "a name with a user before it": ["GET / HTTP/1.1\r\nHost: 127.0.0.1@evil.test\r\n\r\n", 400],
  "no name": ["GET / HTTP/1.1\r\nAccept: */*\r\n\r\n", 400],
  "two names": ["GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.test\r\n\r\n", 400],
  "a name in the request line": ["GET http://evil.test/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 400],
  "another page's fetch": [get("/", "Origin: https://evil.test"), 403],
  "a sandboxed frame's fetch": [get("/", "Origin: null"), 403],
  "another port's fetch": [get("/", "Origin: http://127.0.0.1:9"), 403],
  "another site's image": [get("/", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors"), 403],
  "a frame of another site": [
    get("/", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe"),
    403,
  ],
  "a POST": ["POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n\r\n{}", 405],
  "a preflight of CORS": ["OPTIONS / HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://127.0.0.1\r\n\r\n", 405],
  "a TRACE": ["TRACE / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Secret: 1\r\n\r\n", 405],
  "a proxy's CONNECT": ["CONNECT evil.test:443 HTTP/1.1\r\nHost: evil.test:443\r\n\r\n", 400],
  "a GET with a body": [get("/", "Content-Length: 5") + "hello", 400],
  "a length beside chunks (request smuggling)": [
    get("/", "Content-Length: 0", "Transfer-Encoding: chunked") + "0\r\n\r\nGET /x HTTP/1.1\r\n\r\n",
    400,
  ],
  "a header that continues on the next line": [get("/", "X-A: b", " Host: evil.test"), 400],
  "a space before a colon": [get("/", "X-A : b"), 400],
  "a zero byte in a header": [get("/", "X-A: b\0c"), 400],
  "a line feed alone in a header": [get("/", "X-A: b\nHost: evil.test"), 400],
  "a path out of every folder": [get("/../../../etc/passwd"), 404],
  "the same in percent signs": [get("/%2e%2e/%2e%2e%2fetc/passwd"), 404],
  "the journal's own file": [get("/data/penstock.db"), 404],
  "a property of every object": [get("/__proto__"), 404],
  "another host in the path": [get("//evil.test/"), 400],
  "a header in the address": [get("/?a=%0d%0aSet-Cookie:%20a=b"), 200],
  "an upgrade to a WebSocket": [
    get("/", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="),
    200,
  ],
  "a request line without an end": [`GET /${"a".repeat(1 << 20)}`, 431],
  "a header without an end": [`GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: ${"a".repeat(1 << 20)}`, 431],
  "a hundred thousand headers": [get("/", ...Array(100_000).fill("X-A: b")), 431],
  "HTTP/0.9": ["GET /\r\n\r\n", 400],
  "HTTP/2": ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400],
  "a second request behind the first": [get("/") + get("/endless"), 200],
};

Deno.test("PageServer answers a hostile request with a refusal, or as if nothing were in it", async (t) => {
  await using server = listen();
  for (const [what, [request, status]] of Object.entries(HOSTILE)) {
    await t.step(what, async () => {
      const answer = await rawRequest(server.port, request);
      assertEquals(answer.status, status);
      assertEquals(answer.body.includes(SECRET), status === 200);
      assertEquals(answer.body.length, Number(answer.headers.get("content-length")));
      for (const name of ["set-cookie", "access-control-allow-origin", "location", "upgrade", "server"]) {
        assert(!answer.headers.has(name), name);
      }
      assertEquals(answer.headers.get("x-content-type-options"), "nosniff");
      assertEquals(answer.headers.get("cross-origin-resource-policy"), "same-origin");
      if (status === 405) assertEquals(answer.headers.get("allow"), "GET, HEAD");
    });
  }
  assertEquals((await rawRequest(server.port, get("/"))).body, SECRET);
});

Deno.test("PageServer answers to the names of loopback and to those that it was given, with any port", async () => {
  await using server = listen();
  for (
    const host of ["localhost", "LOCALHOST:8080", "127.0.0.1:1", "[::1]:8080", "desk.lan", "Desk.LAN:80"]
  ) {
    const { status } = await rawRequest(server.port, `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    assertEquals(status, 200, host);
  }
  const own = get("/", "Origin: http://127.0.0.1", "Sec-Fetch-Site: same-origin");
  assertEquals((await rawRequest(server.port, own)).status, 200);
  const link = get("/", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document");
  assertEquals((await rawRequest(server.port, link)).status, 200);
});

Deno.test("PageServer says how to allow a name that a person may have given to this machine, and not to other sites", async () => {
  await using server = listen();
  const answer = async (request: string) => (await rawRequest(server.port, request)).body;
  const named = (host: string) => answer(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  const known = "this page answers to localhost, 127.0.0.1, [::1] and to the names that --host gives";
  const advice = "If that is your own name for it, start penstock watch with --host";
  assertEquals(await named("Desk:8080"), `Host is Desk:8080: ${known}. ${advice} desk\n`);
  assertEquals(await named("localhost.:8080"), `Host is localhost.:8080: ${known}. ${advice} localhost.\n`);
  assertEquals(await named("desk:99999"), `Host is desk:99999: ${known}\n`);
  const other = await answer(get("/", "Origin: https://evil.test"));
  assertEquals(other, "Origin is https://evil.test: this page does not answer other sites\n");
});

Deno.test("PageServer answers HEAD with the head of the same GET alone", async () => {
  await using server = listen();
  const { status, headers, body } = await rawRequest(server.port, get("/").replace("GET", "HEAD"));
  assertEquals([status, headers.get("content-length"), body], [200, String(SECRET.length), ""]);
});

Deno.test("PageServer with a token answers only clients that have it, in a header or in the address", async () => {
  await using server = listen({ token: TOKEN });
  const refused = [
    get("/"),
    get("/", `Authorization: Bearer ${TOKEN.slice(0, -1)}`),
    get("/", `Authorization: Bearer ${TOKEN}x`),
    get("/", `Authorization: Basic ${btoa(`admin:${TOKEN}`)}`),
    get("/", `Cookie: token=${TOKEN}`),
    get("/?token="),
    get(`/?token=${TOKEN.toUpperCase()}`),
    get("/nothing"),
  ];
  for (const request of refused) {
    const { status, headers, body } = await rawRequest(server.port, request);
    assertEquals([status, headers.get("www-authenticate")], [401, 'Bearer realm="penstock"'], request);
    assert(!body.includes(TOKEN) && !body.includes(SECRET));
  }
  for (const request of [get("/", `Authorization: Bearer ${TOKEN}`), get(`/?token=${TOKEN}`)]) {
    assertEquals((await rawRequest(server.port, request)).body, SECRET);
  }
  // A token does not open what another name for this machine asks for.
  const rebound = get(`/?token=${TOKEN}`).replace("127.0.0.1", "evil.test");
  assertEquals((await rawRequest(server.port, rebound)).status, 403);
});

Deno.test("PageServer drops a client that sends its request too slowly, however it dribbles", async () => {
  const connections = new Connections();
  await using server = listen({ onConnections: connections.take, limits: { headMs: 100 } });
  using conn = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  const started = performance.now();
  const dribble = (async () => {
    for (const byte of new TextEncoder().encode(get("/", `X-A: ${"a".repeat(4_000)}`))) {
      await conn.write(new Uint8Array([byte]));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  await dribble.then(() => assert(false, "it took all of it"), () => {});
  assert(performance.now() - started < 10_000);
  await connections.are(0);
});

Deno.test("PageServer drops a client that does not read, and holds no more for it than the system does", async () => {
  const connections = new Connections();
  await using server = listen({ onConnections: connections.take, limits: { acceptMs: 100 } });
  using conn = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  await conn.write(new TextEncoder().encode(get("/endless")));
  await conn.read(new Uint8Array(1));
  await connections.are(0);
  assertEquals((await rawRequest(server.port, get("/"))).status, 200);
});

Deno.test("PageServer lets go of a client that leaves in the middle of a stream", async () => {
  const connections = new Connections();
  await using server = listen({ onConnections: connections.take });
  {
    using conn = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
    await conn.write(new TextEncoder().encode(get("/endless")));
    await conn.read(new Uint8Array(100));
    await connections.are(1);
  }
  await connections.are(0);
});

Deno.test("PageServer survives thousands of connections, of which it keeps a limited number", async () => {
  const most = 20;
  const connections = new Connections();
  await using server = listen({
    onConnections: connections.take,
    limits: { connections: most, headMs: 60_000 },
  });
  const conns = await Promise.all(
    Array.from({ length: 2_000 }, () => Deno.connect({ hostname: "127.0.0.1", port: server.port })),
  );
  await connections.are(most);
  for (const conn of conns) conn.close();
  // Those that were waiting to be accepted come first.
  let answer = await rawRequest(server.port, get("/"));
  while (answer.status === 0) answer = await rawRequest(server.port, get("/"));
  assertEquals(answer.body, SECRET);
});

Deno.test("PageServer answers 500 without a reason if a route fails, and reports it", async () => {
  const failures: unknown[] = [];
  const error = new TypeError("inner secret");
  const routes = {
    "/": () => {
      throw error;
    },
  };
  await using server = listen({ routes, onFailure: (failure) => failures.push(failure) });
  const { status, body } = await rawRequest(server.port, get("/"));
  assertEquals([status, failures], [500, [error]]);
  assertMatch(body, /^This request failed/);
});
