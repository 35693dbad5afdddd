import { assert, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  acceptUpgrade,
  ClientFrames,
  type ClientMessage,
  encodeClose,
  encodeMessage,
  ProtocolError,
  ServerFrames,
} from "../../src/simulator/websocket.ts";
import { clientFrame } from "./client.ts";
import { fuzzCases } from "../support/fuzz_inputs.ts";
import { assertEquals } from "../support/equals.ts";
import { ANY_CHARACTER } from "../support/any_character.ts";

interface Decoded {
  readonly messages: ClientMessage[];
  readonly failure: number | null;
}

function decode(chunks: readonly Uint8Array<ArrayBuffer>[]): Decoded {
  const decoder = new ClientFrames();
  const messages: ClientMessage[] = [];
  try {
    for (const chunk of chunks) for (const message of decoder.push(chunk)) messages.push(message);
    return { messages, failure: null };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return { messages, failure: error.code };
  }
}

function split(bytes: Uint8Array<ArrayBuffer>, places: readonly number[]): Uint8Array<ArrayBuffer>[] {
  const cuts = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return cuts.slice(1).map((cut, index) => bytes.slice(cuts[index], cut));
}

function join(...frames: Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(frames.flatMap((frame) => [...frame]));
}

const places = fc.array(fc.nat(), { maxLength: 12 });

Deno.test("ClientFrames gives the same messages wherever the bytes are split", () => {
  const frame = fc.oneof(
    fc.string({ unit: ANY_CHARACTER, maxLength: 300 }).map((text) => clientFrame(1, text)),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => clientFrame(2, bytes)),
    fc.uint8Array({ maxLength: 125 }).map((bytes) => clientFrame(9, bytes)),
    fc.uint8Array({ maxLength: 125 }).map((bytes) => clientFrame(10, bytes)),
    fc.tuple(fc.string({ unit: ANY_CHARACTER }), places).map(([text, cuts]) => {
      const pieces = split(new TextEncoder().encode(text), cuts);
      const frames = pieces.map((piece, index) =>
        clientFrame(index === 0 ? 1 : 0, piece, { final: index === pieces.length - 1 })
      );
      return join(...frames.flatMap((frame) => [frame, clientFrame(9, "between")]));
    }),
  );
  fc.assert(fc.property(fc.array(frame, { maxLength: 6 }), places, (frames, cuts) => {
    const bytes = join(...frames);
    const whole = decode([bytes]);
    assertEquals(whole.failure, null);
    assert(whole.messages.length >= frames.length);
    assertEquals(decode(split(bytes, cuts)), whole);
  }));
});

Deno.test("ClientFrames gives messages, then at most one protocol error, for any garbage", () => {
  const garbage = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.tuple(fc.nat(255), fc.nat(127), fc.uint8Array({ maxLength: 200 })).map(([first, second, rest]) =>
      Uint8Array.of(first, 0x80 | second, ...rest)
    ),
  );
  fc.assert(
    fc.property(garbage, places, (bytes, cuts) => {
      const whole = decode([new Uint8Array(bytes)]);
      assert(whole.failure === null || [1002, 1007, 1009].includes(whole.failure));
      assertEquals(decode(split(new Uint8Array(bytes), cuts)), whole);
    }),
    { numRuns: fuzzCases(50_000) },
  );
});

Deno.test("ClientFrames refuses what RFC 6455 forbids with the right code", () => {
  const cases: [name: string, code: number, bytes: Uint8Array<ArrayBuffer>][] = [
    ["unmasked", 1002, clientFrame(1, "hello", { masked: false })],
    ["reserved bits", 1002, Uint8Array.of(0xc1, 0x80, 0, 0, 0, 0)],
    ["reserved opcode", 1002, clientFrame(3, "x")],
    ["reserved control opcode", 1002, clientFrame(11, "x")],
    ["long ping", 1002, clientFrame(9, "x".repeat(126))],
    ["fragmented ping", 1002, clientFrame(9, "x", { final: false })],
    ["continuation of nothing", 1002, clientFrame(0, "x")],
    ["interrupted message", 1002, join(clientFrame(1, "a", { final: false }), clientFrame(1, "b"))],
    ["close of one byte", 1002, clientFrame(8, "x")],
    ["close with 1005", 1002, clientFrame(8, Uint8Array.of(3, 237))],
    ["text that is not UTF-8", 1007, clientFrame(1, Uint8Array.of(0xff, 0xfe))],
    ["too long", 1009, clientFrame(1, "x".repeat(65_537))],
    [
      "too long by its length alone",
      1009,
      Uint8Array.of(0x81, 0xff, 0x7f, 255, 255, 255, 255, 255, 255, 255),
    ],
    [
      "too long together",
      1009,
      join(clientFrame(1, "x".repeat(65_536), { final: false }), clientFrame(0, "x")),
    ],
    [
      "too many fragments, though they hold nothing",
      1009,
      join(
        clientFrame(1, "", { final: false }),
        ...Array.from({ length: 1024 }, () => clientFrame(0, "", { final: false })),
      ),
    ],
  ];
  for (const [name, code, bytes] of cases) assertEquals(decode([bytes]).failure, code, name);
  assertEquals(decode([clientFrame(1, "x".repeat(65_536))]).messages.length, 1);
  assertEquals(decode([clientFrame(8, Uint8Array.of(3, 232))]).messages, [{ type: "close", code: 1000 }]);
  assertEquals(decode([clientFrame(8)]).messages, [{ type: "close", code: null }]);
});

Deno.test("ServerFrames.take() gives the bytes of the frames one by one", () => {
  const text = (unit: "binary-ascii" | fc.Arbitrary<string>) =>
    fc.array(fc.string({ unit, maxLength: 400 }), { maxLength: 30 });
  const texts = fc.oneof(
    text("binary-ascii").map((texts) => [texts, true] as const),
    text(ANY_CHARACTER).map((texts) => [texts, false] as const),
  );
  fc.assert(fc.property(texts, ([texts, isAscii]) => {
    const batch = new ServerFrames(2000, isAscii);
    const taken: Uint8Array[] = [];
    const added = texts.filter((text) => {
      if (batch.add(text)) return true;
      taken.push(batch.take().slice());
      return batch.add(text);
    });
    taken.push(batch.take().slice());
    assertEquals(added, texts);
    assertEquals(join(...taken), join(...texts.map(encodeMessage)));
  }));
  const batch = new ServerFrames(2000);
  batch.add("é");
  assertThrows(() => batch.take(), TypeError);
});

Deno.test("encodeClose() cuts a reason to what a control frame can carry", () => {
  assertEquals(encodeClose(1001, "x".repeat(500)).length, 127);
  assertEquals(encodeClose(1001, "é".repeat(500)).length, 126);
  assertEquals([...encodeClose(null)], [0x88, 0]);
});

Deno.test("acceptUpgrade() answers the example of RFC 6455", () => {
  const headers = new Map([
    ["upgrade", "websocket"],
    ["connection", "Upgrade"],
    ["sec-websocket-version", "13"],
    ["sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="],
  ]);
  const request = { url: new URL("http://exchange/ws"), headers, rest: new Uint8Array(0) };
  const answer = new TextDecoder().decode(acceptUpgrade(request));
  assert(answer.includes("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), answer);
});
