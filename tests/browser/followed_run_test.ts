/** What the page keeps of a run, and how it reads the stream. */
import { assert, assertEquals, assertLess, assertRejects } from "@std/assert";
import type { LiveEntry, LivePoint } from "../../src/views/page/live_message.ts";
import { eventsIn } from "../../web/event_stream.ts";
import { FollowedRun } from "../../web/followed_run.ts";
import { madeUpRun } from "./made_up_run.ts";

Deno.test("A run's points stay within their bound, back to the first, and keep what stands out", () => {
  const { run } = madeUpRun(60, 0);
  const followed = new FollowedRun(run);
  followed.takeState({ ...run, points: [] }, true);
  for (let part = 0; part < 60; part++) {
    const points = Array.from({ length: 500 }, (_, at): LivePoint => {
      const i = part * 500 + at;
      return [i * 1_000, i === 7_777 ? 99_999 : i === 12_345 ? 1 : 60_000 + i % 100, 10_000, 0];
    });
    followed.takeState({ ...run, averages: {}, points }, false);
    assertLess(followed.points.length, 6_001);
  }
  const prices = followed.points.map(([, price]) => price);
  assertEquals([Math.max(...prices), Math.min(...prices)], [99_999, 1]);
  assertLess(followed.points[0]![0], 10_000);
  assertEquals(followed.points.at(-1)![0], 29_999_000);
});

Deno.test("A history replaces the page's points of the same time, and leaves older ones", () => {
  const { run } = madeUpRun(1, 0);
  const followed = new FollowedRun(run);
  const points = (...times: number[]): LivePoint[] => times.map((time) => [time, 1, 1, 0]);
  followed.takeState({ ...run, averages: {}, points: points(1, 2, 3, 4) }, true);
  followed.takeState({ ...run, averages: {}, points: points(3, 5) }, true);
  assertEquals(followed.points.map(([time]) => time), [1, 2, 3, 5]);
  followed.takeState({ ...run, averages: {}, points: points(5, 4, 6) }, false);
  assertEquals(followed.points.map(([time]) => time), [1, 2, 3, 5, 6]);
});

Deno.test("Figures from entries between two points are kept once, and a fill has the price of its signal's trade", () => {
  const { run } = madeUpRun(1, 0);
  const followed = new FollowedRun(run);
  const at = "2026-01-01T00:00:00.000000Z";
  const [time, symbol] = [Date.parse(at), "BTCUSDT"];
  const fill = { ...{ type: "fill", time: at, symbol, fee: "1", quantity: "2", signalTradeId: 7 } as const };
  const entries: LiveEntry[] = [
    { seq: 2, type: "signal", time: at, symbol, side: "buy", price: "100", tradeId: 7 },
    { seq: 3, ...fill, side: "buy", price: "101", tradeId: 7, cash: "50", position: "2" },
    { seq: 6, ...fill, side: "sell", price: "99", tradeId: 9, cash: "249", position: "0" },
  ];
  assertEquals(followed.takeEntries(entries).map(({ seq }) => seq), [3, 6]);
  assertEquals(followed.takeEntries(entries), []);
  assertEquals(followed.moments, [
    { time, price: 100, equity: null },
    { time, price: 100, equity: 250 },
    { time, price: 99, equity: 249 },
  ]);
  assertEquals(followed.marks.map(({ price, isBuy }) => [price, isBuy]), [[101, true], [99, false]]);
});

const STREAM = [
  ': ping\r\n\r\nid: 3,4\r\nevent: state\r\ndata: {"a":\r\ndata: 1}\r\n\r\n',
  "retry: 2000\n\ndata\n\nid\n: x\nevent:entries\ndata:é€😀\nid: 7\n\n",
  "\r\rid: 8\r\rdata: lost, as it has no end",
].join("");
const EVENTS = [
  { type: "state", data: '{"a":\n1}', id: "3,4" },
  { type: "message", data: "", id: null },
  { type: "entries", data: "é€😀", id: "7" },
  { type: "message", data: "", id: "8" },
];

/** A stream of these parts. */
function streamOf(...parts: Uint8Array<ArrayBuffer>[]): ReadableStream<Uint8Array<ArrayBuffer>> {
  return ReadableStream.from(parts);
}

Deno.test("eventsIn() reads the same events wherever the stream is cut into parts", async () => {
  const bytes = new TextEncoder().encode(STREAM);
  for (let cut = 0; cut <= bytes.length; cut++) {
    const found = await Array.fromAsync(eventsIn(streamOf(bytes.slice(0, cut), bytes.slice(cut))));
    assertEquals(found, EVENTS, `cut at ${cut}`);
  }
  const single = Array.from(bytes, (byte) => Uint8Array.of(byte));
  assertEquals(await Array.fromAsync(eventsIn(streamOf(...single))), EVENTS);
});

Deno.test("eventsIn() reports that data arrived with every part, and does not keep an endless line", async () => {
  let heard = 0;
  await Array.fromAsync(eventsIn(streamOf(new Uint8Array(3), Uint8Array.of(10)), () => heard++));
  assert(heard >= 2);
  const endless = Array.from({ length: 9 }, () => new Uint8Array(1 << 20).fill(97));
  await assertRejects(() => Array.fromAsync(eventsIn(streamOf(...endless))), Error, "a line without an end");
});
