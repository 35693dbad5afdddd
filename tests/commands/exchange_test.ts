/** `penstock exchange` from outside. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Penstock, penstock, type PrintedEvent, within } from "../support/penstock.ts";

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

/** Starts the exchange and waits until it listens. */
async function listening(
  ...args: string[]
): Promise<{ program: Penstock; printed: PrintedEvent; port: number }> {
  const program = Penstock.start(["exchange", "--port=0", "--json", ...args]);
  const printed = await program.event("listening");
  return { program, printed, port: Number(new URL(String(printed.endpoint)).port) };
}

/** A client that completes its handshake and never answers the closing frame. */
async function rudeClient(port: number): Promise<Deno.TcpConn> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const head = [
    "GET /ws/ethusdt@trade HTTP/1.1",
    `Host: 127.0.0.1:${port}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "\r\n",
  ];
  await conn.write(new TextEncoder().encode(head.join("\r\n")));
  assertStringIncludes(new TextDecoder().decode(await read(conn)), "101 Switching Protocols");
  return conn;
}

async function read(conn: Deno.TcpConn): Promise<Uint8Array> {
  const bytes = new Uint8Array(4096);
  const count = await within(conn.read(bytes), "an answer");
  return bytes.subarray(0, count ?? 0);
}

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.test({
    name: `penstock exchange prints where it listens, serves, and ends on ${signal} with 0`,
    ignore: Deno.build.os === "windows",
    fn: async () => {
      const { program, printed } = await listening("--rate=1000");
      await using _program = program;
      assertMatch(String(printed.endpoint), /^ws:\/\/127\.0\.0\.1:\d+$/);
      assertMatch(String(printed.restEndpoint), /^http:\/\/127\.0\.0\.1:\d+$/);
      const socket = new WebSocketStream(`${printed.endpoint}/ws/btcusdt@trade`);
      // `opened` rejects if it cannot connect, and the stream fails if the connection breaks.
      socket.closed.catch(() => {});
      const reader = (await socket.opened).readable.getReader();
      assertEquals(JSON.parse(String((await reader.read()).value)).e, "trade");
      const connected = await program.event("connected");
      assertEquals(connected.path, "/ws/btcusdt@trade");
      assertMatch(String(connected.time), TIME);
      program.signal(signal);
      while (!(await within(reader.read(), "the end of the stream")).done);
      const { code, stderr } = await program.finished();
      assertEquals(code, 0);
      assertStringIncludes(stderr, "the exchange listens on ws://127.0.0.1:");
    },
  });
}

Deno.test({
  name: "penstock exchange ends cleanly on two signals in a row while a client keeps it waiting",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const { program, port } = await listening();
    await using _program = program;
    using conn = await rudeClient(port);
    program.signal("SIGTERM");
    // The closing frame shows that the first signal has arrived.
    assertEquals((await read(conn))[0], 0x88);
    program.signal("SIGTERM");
    assertEquals((await program.finished()).code, 0);
  },
});

Deno.test("penstock exchange --for ends by itself", async () => {
  const { code, stdout } = await penstock("exchange", "--port=0", "--json", "--for=200ms");
  assertEquals(code, 0);
  assertEquals(JSON.parse(stdout).type, "listening");
});

Deno.test("penstock exchange --for lasts longer than the runtime's timers", async () => {
  const { program, printed } = await listening("--for=1000h");
  await using _program = program;
  const { restEndpoint } = printed;
  const response = await fetch(`${restEndpoint}/api/v3/time`);
  assertEquals(Object.keys(await response.json()), ["serverTime"]);
  program.signal("SIGTERM");
  assertEquals((await program.finished()).code, 0);
});

Deno.test("penstock exchange names the port that is taken", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { code, stderr } = await penstock("exchange", `--port=${listener.addr.port}`);
  assertEquals(code, 1);
  assertEquals(
    stderr,
    `penstock: --port ${listener.addr.port} is taken on 127.0.0.1: expected a free one, or 0 to take any`,
  );
});

Deno.test({
  name: "penstock exchange ends quietly with 0 when the reader of its events leaves",
  fn: async () => {
    const { program, port } = await listening();
    await using _program = program;
    await program.closeOutput();
    using _conn = await rudeClient(port);
    const { code, stderr } = await program.finished();
    assertEquals(code, 0, stderr);
    assert(!stderr.includes("    at "), stderr);
  },
});
