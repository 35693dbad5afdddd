/**
 * What a hostile exchange could do to the connection itself. Whatever happens to the first connection, the run logs why
 * it dropped it, makes a second one and trades there, in bounded memory.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { AS_BUILT, eventsOf, FLAGS, Penstock, within } from "../support/penstock.ts";
import { RawServer, tradeMessage, type Visit } from "../feeds/raw_server.ts";

/** The most memory for a run that receives a frame of tens of megabytes, MB; without such a frame it takes about 55. */
const LIMIT_MB = 300;
const MEGABYTE = 1 << 20;
const TRADES = 20;
const TRADE_EVERY_MS = 20;

/** The header of a frame from the server. */
function head(first: number, length: number): Uint8Array {
  if (length < 126) return Uint8Array.of(first, length);
  const bytes = new Uint8Array(10);
  bytes.set([first, 127]);
  new DataView(bytes.buffer).setBigUint64(2, BigInt(length));
  return bytes;
}

function frame(first: number, payload: Uint8Array): Uint8Array {
  return new Uint8Array([...head(first, payload.length), ...payload]);
}

const bytesOf = (text: string) => new TextEncoder().encode(text);
const TEXT = 0x81;
const SPACES = new Uint8Array(MEGABYTE).fill(0x20);

/** Sends a frame with this many megabytes of spaces, whose header announces `announced` bytes. */
async function sendSpaces(visit: Visit, megabytes: number, announced = megabytes * MEGABYTE): Promise<void> {
  await visit.write(head(TEXT, announced));
  for (let left = megabytes; left > 0; left--) await visit.write(SPACES);
}

/** Sends the same bytes until the client closes the connection. */
async function sendForEver(visit: Visit, bytes: Uint8Array, pauseMs: number): Promise<void> {
  for (;;) {
    await visit.write(bytes);
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

/** Much more than a run may buffer, in frames that are each small enough. */
const FLOOD_BYTES = 600 * MEGABYTE;
const FLOOD_FRAME = frame(TEXT, SPACES.subarray(0, 200_000));

/** A fragment of a message that is not the last. */
const FRAGMENT = new Uint8Array([...head(0x00, MEGABYTE), ...SPACES]);

/** Starts a message that never ends. */
async function startEndless(visit: Visit): Promise<void> {
  await visit.write(frame(0x01, SPACES.subarray(0, 1000)));
}

interface Attack {
  readonly what: string;
  /** Text that the log must contain, unless it is about a message as the reason of the disconnection. */
  readonly says: string;
  /** The attack on the first connection, once it is open unless `isHandshake`. */
  readonly act: (visit: Visit) => Promise<void>;
  readonly isHandshake?: boolean;
  /** Whether only the stale limit ends the connection; otherwise the attack itself does. */
  readonly isSilent?: boolean;
  /** The most memory that the run may take, MB. */
  readonly limitMb?: number;
}

/** What the log says of messages that do not end the connection. */
const UNUSABLE = "unusable message: not JSON";

const ATTACKS: readonly Attack[] = [
  { what: "a frame of 100 MB", says: "Frame too large", act: (visit) => sendSpaces(visit, 100) },
  {
    what: "a frame of 40 MB that is not JSON",
    says: UNUSABLE,
    act: async (visit) => {
      await sendSpaces(visit, 40);
      visit.end();
    },
  },
  {
    what: "a frame that announces 2^40 bytes",
    says: "Frame too large",
    act: (visit) => sendSpaces(visit, 1, 2 ** 40),
  },
  {
    what: "a frame that never ends, a byte at a time",
    says: "no data for",
    isSilent: true,
    act: async (visit) => {
      await visit.write(head(TEXT, MEGABYTE));
      await sendForEver(visit, Uint8Array.of(0x20), 20);
    },
  },
  {
    what: "a compressed frame without an agreed extension",
    says: "Reserved bits are not zero",
    act: (visit) => visit.write(frame(0xc1, bytesOf("bomb"))),
  },
  {
    what: "an unknown frame type",
    says: "the connection broke",
    act: (visit) => visit.write(frame(0x83, bytesOf("x"))),
  },
  {
    what: "text that is not UTF-8",
    says: "Invalid UTF-8",
    act: (visit) => visit.write(frame(TEXT, Uint8Array.of(0xff))),
  },
  {
    what: "a ping of 1,000 bytes",
    says: "Ping frame too large",
    act: (visit) => visit.write(frame(0x89, new Uint8Array(1000))),
  },
  {
    what: "a continuation without a first fragment",
    says: "Invalid continuation frame",
    act: (visit) => visit.write(frame(0x80, bytesOf("x"))),
  },
  {
    what: "a masked frame",
    says: UNUSABLE,
    act: async (visit) => {
      await visit.write(Uint8Array.of(0x81, 0x81, 1, 2, 3, 4, 5));
      visit.end();
    },
  },
  {
    what: "endless pongs",
    says: "no data for",
    isSilent: true,
    act: (visit) => sendForEver(visit, frame(0x8a, bytesOf("x")), 5),
  },
  {
    what: "endless pings",
    says: "no data for",
    isSilent: true,
    act: (visit) => sendForEver(visit, frame(0x89, bytesOf("x")), 5),
  },
  {
    what: "a close reason with terminal escapes",
    says: '(1000 "\\u001b[2J',
    act: (visit) => visit.write(frame(0x88, new Uint8Array([0x03, 0xe8, ...bytesOf("\x1b[2J\x1b]0;x\x07")]))),
  },
  {
    what: "a close frame with an impossible code",
    says: "Invalid close code",
    act: (visit) => visit.write(frame(0x88, Uint8Array.of(0, 1))),
  },
  {
    what: "a connection that sends nothing",
    says: "no data for",
    isSilent: true,
    act: () => Promise.resolve(),
  },
  {
    what: "a redirect",
    says: "refused the connection: HTTP 302",
    isHandshake: true,
    act: (visit) => visit.answer(302, { Location: "http://10.0.0.1/" }),
  },
  {
    what: "a refusal with an unknown status",
    says: "refused the connection: HTTP 599",
    isHandshake: true,
    act: (visit) => visit.answer(599),
  },
  {
    what: "a wrong Sec-WebSocket-Accept key",
    says: "no data for",
    isSilent: true,
    isHandshake: true,
    act: (visit) =>
      visit.write(bytesOf(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: AAAA\r\n\r\n",
      )),
  },
  {
    what: "an endless response header",
    says: "message head is too large",
    isHandshake: true,
    act: async (visit) => {
      await visit.write(bytesOf("HTTP/1.1 101 Switching Protocols\r\n"));
      await sendForEver(visit, bytesOf(`X-${"y".repeat(8_000)}: z\r\n`), 0);
    },
  },
  {
    what: "garbage as a response",
    says: "no connection to",
    isHandshake: true,
    act: (visit) => visit.write(bytesOf("\x1b[2J\0\0\r\n\r\n")),
  },
  // The last one, as its memory counts as that of what follows it.
  {
    what: "an endless message in fragments, until the client stops it",
    says: "a message without an end took",
    limitMb: 1_200,
    act: async (visit) => {
      let isToStop = false;
      const goodbye = visit.untilGoodbye().then(() => isToStop = true);
      await startEndless(visit);
      while (!isToStop) await visit.write(FRAGMENT);
      await goodbye;
      visit.end();
    },
  },
];

/** The peak resident memory of a process, MB. */
async function peakMb(pid: number): Promise<number> {
  const { stdout } = await new Deno.Command("cat", { args: [`/proc/${pid}/status`] }).output();
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(new TextDecoder().decode(stdout))?.[1]) / 1024;
}

/** Sends regular trades until the connection ends. */
async function trade(visit: Visit, first: number): Promise<void> {
  for (let id = first; id < first + TRADES; id++) await visit.send(tradeMessage(id));
}

/** Starts a run against `server` that takes the memory of the compiled program. */
function start(server: RawServer, ...args: string[]): Penstock {
  return Penstock.start(
    ["run", "--state=none", "--json", "--backfill=off", `--endpoint=${server.endpoint}`, ...args],
    [...FLAGS, ...AS_BUILT],
  );
}

/** Attacks a run with each of these on its own connection, after which the run has to reconnect and trade. */
async function assertSurvives(attacks: readonly Attack[], stale: string): Promise<void> {
  /** The attack on the next connection; null if that is to be traded on. */
  let next: Attack | null = attacks[0]!;
  let id = 0;
  await using server = RawServer.listen(async (visit) => {
    // The run queries a refusing server once more.
    if (!visit.isWebSocket) return await visit.answer(404);
    if (next !== null) {
      const { act, isHandshake = false } = next;
      next = null;
      if (!isHandshake) await visit.upgrade();
      return await act(visit);
    }
    await visit.upgrade();
    // An id is missing before each of these connections, so that a quiet connection does not count as a quiet symbol.
    for (id++; next === null;) {
      await visit.send(tradeMessage(++id).replace("100.0", `10${id % 2}.0`));
      await new Promise((resolve) => setTimeout(resolve, TRADE_EVERY_MS));
    }
    visit.end();
  });
  // Every trade but the first two is a signal.
  await using program = start(server, `--stale=${stale}`, "--retry-max=250ms", "--short=1", "--long=2");
  for (const [at, attack] of attacks.entries()) {
    const { what, says, limitMb = LIMIT_MB } = attack;
    if (at > 0) {
      next = attack;
      await program.event("disconnected");
    }
    await program.event("disconnected", ({ reason }) => says === UNUSABLE || String(reason).includes(says));
    await program.event("connected");
    await program.event("signal");
    const peak = await peakMb(program.pid);
    assert(peak < limitMb, `${peak} MB after ${what}`);
  }
  program.signal("SIGTERM");
  const { code, stdout, stderr } = await program.finished();
  assertEquals(code, 0, stderr);
  const unusable = attacks.filter(({ says }) => says === UNUSABLE).length;
  assertEquals(eventsOf(stdout).at(-1)!.rejected, unusable);
  for (const { says } of attacks) assertStringIncludes(stderr, says);
  assert(!/[^\P{Cc}\n]/u.test(stderr + stdout), "nothing that steers a terminal");
}

Deno.test({
  name: "penstock run survives every hostile connection, and logs why it ended",
  ignore: Deno.build.os !== "linux",
  fn: () => assertSurvives(ATTACKS.filter(({ isSilent = false }) => !isSilent), "10m"),
});

Deno.test({
  name: "penstock run survives every connection that only looks alive, and logs why it ended",
  ignore: Deno.build.os !== "linux",
  fn: () => assertSurvives(ATTACKS.filter(({ isSilent = false }) => isSilent), "700ms"),
});

/** Runs against `server` to the end; returns the output and the peak memory. */
async function runAgainst(
  server: RawServer,
  ...args: string[]
): Promise<{ code: number; stdout: string; stderr: string; peak: number }> {
  await using program = start(server, "--retry-max=250ms", ...args);
  let peak = 0;
  let isOver = false;
  const weighing = (async () => {
    while (!isOver) {
      peak = await peakMb(program.pid) || peak;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();
  let finished;
  try {
    finished = await program.finished();
  } finally {
    isOver = true;
    await weighing;
  }
  return { ...finished, peak };
}

Deno.test({
  name: "penstock run ends cleanly when an endless message continues after its connection was dropped",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using server = RawServer.listen(async (visit) => {
      await visit.upgrade();
      await trade(visit, 1);
      await startEndless(visit);
      await sendForEver(visit, FRAGMENT, 0);
    });
    const { code, stdout, stderr, peak } = await runAgainst(server, "--stale=10m");
    assertEquals(code, 4, stderr);
    assertStringIncludes(stderr, "an endless message continued after the connection was dropped");
    const events = eventsOf(stdout);
    assertEquals([events.at(-1)!.type, events.at(-1)!.trades], ["summary", TRADES]);
    // The run waits for the exchange to stop, so it makes no other connection.
    assertEquals([events.filter(({ type }) => type === "connected").length, server.visits.length], [1, 1]);
    assert(peak < 1_200, `${peak} MB`);
  },
});

Deno.test({
  name: "penstock run buffers nothing that a dropped connection still sends",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const flooded = Promise.withResolvers<void>();
    const traded = Promise.withResolvers<void>();
    await using server = RawServer.listen(async (visit) => {
      await visit.upgrade();
      if (visit.number > 1) {
        await trade(visit, TRADES + 1);
        return traded.resolve();
      }
      await trade(visit, 1);
      await visit.send(`{"e":"serverShutdown","E":1700000000000}`);
      await traded.promise;
      // The close frame is never answered: the client either reads all of this or ends the connection for good.
      try {
        for (let sent = 0; sent < FLOOD_BYTES; sent += FLOOD_FRAME.length) await visit.write(FLOOD_FRAME);
      } finally {
        flooded.resolve();
      }
    });
    await using program = start(server, "--stale=10m");
    await program.logged("the connection was replaced by a newer one");
    await within(flooded.promise, "the end of the flood");
    const peak = await peakMb(program.pid);
    program.signal("SIGTERM");
    const { code, stdout, stderr } = await program.finished();
    assertEquals(code, 0, stderr);
    assertEquals(eventsOf(stdout).at(-1)!.trades, 2 * TRADES);
    assert(peak < LIMIT_MB, `${peak} MB`);
  },
});
