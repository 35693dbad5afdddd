/**
 * Throughput over a real WebSocket: part of `deno task bench`, which runs it with the V8 flags of `deno task start`.
 */
import { exchangeNamed } from "../../src/exchanges/known_exchanges.ts";
import { BinanceMessageReader } from "../../src/exchanges/binance/binance_message.ts";
import { FrameBatch } from "../../src/formats/frame_batch.ts";
import { encodeMessage } from "../../src/simulator/websocket.ts";
import { LiveFeed } from "../../src/feeds/live/live_feed.ts";
import { config, makeMessages, MESSAGES, newPipeline } from "./stream.ts";
import { median, table } from "./table.ts";
import { timedAsync } from "./timing.ts";

const FRAMES = 1_000_000;
const ROUNDS = 9;
const reader = new FrameBatch(new BinanceMessageReader(config.symbol));
await overWebSocket();
Deno.exit();

/** The pipeline over a loopback WebSocket, compared with a bare reader that only counts. */
async function overWebSocket(): Promise<void> {
  const server = new Worker(new URL("./flood_server.ts", import.meta.url), { type: "module" });
  const port = new Promise<number>((resolve) => server.onmessage = ({ data }) => resolve(data));
  server.postMessage(frames());
  const endpoint = `ws://127.0.0.1:${await port}`;
  const bare: number[] = [];
  const whole: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    bare.push(await timedAsync(() => countFrames(endpoint)));
    whole.push(await timedAsync(() => runFrames(endpoint)));
  }
  server.terminate();
  const perSecond = (ms: number): string => `${Math.round(FRAMES / ms)} k frames/s`;
  const ratios = whole.map((ms, round) => bare[round]! / ms);
  table("Over a loopback WebSocket, the server in another thread", [
    ["a bare reader that only counts", perSecond(median(bare))],
    ["feed and whole pipeline", perSecond(median(whole))],
    [
      "frames a second, pipeline ÷ bare",
      `${median(ratios).toFixed(2)} (best ${Math.max(...ratios).toFixed(2)})`,
    ],
  ]);
}

function frames(): Uint8Array {
  const encoded = makeMessages().map(encodeMessage);
  const length = encoded.reduce((sum, frame) => sum + frame.length, 0);
  const all = new Uint8Array(length * FRAMES / MESSAGES);
  let at = 0;
  for (let i = 0; i < FRAMES; i++) {
    const frame = encoded[i % MESSAGES]!;
    all.set(frame, at);
    at += frame.length;
  }
  return all;
}

async function countFrames(endpoint: string): Promise<void> {
  const socket = new WebSocketStream(`${endpoint}/ws/btcusdt@trade`);
  const { readable } = await socket.opened;
  const reader = readable.getReader();
  let count = 0;
  while (!(await reader.read()).done) count++;
  if (count !== FRAMES) throw new Error(`Expected ${FRAMES} frames: got ${count}`);
}

async function runFrames(endpoint: string): Promise<void> {
  const ending = new AbortController();
  const feed = new LiveFeed({
    exchange: exchangeNamed("binance"),
    endpoint,
    symbol: config.symbol,
    staleMs: 5_000,
    retryMaxMs: 1_000,
    attempts: null,
    renewAfterMs: config.renewAfter,
    signal: ending.signal,
  });
  // The frames repeat after a while. With a new pipeline each time, the repeats are not duplicates.
  let run = newPipeline();
  let seen = 0;
  for await (const batch of feed) {
    if (batch.kind !== "messages") continue;
    const first = MESSAGES - seen % MESSAGES;
    const parts = batch.messages.length <= first
      ? [batch.messages]
      : [batch.messages.slice(0, first), batch.messages.slice(first)];
    for (const part of parts) {
      for (const _event of run.run(reader.open(part)));
      seen += part.length;
      if (seen % MESSAGES === 0) run = newPipeline();
    }
    if (seen >= FRAMES) break;
  }
  ending.abort();
}
