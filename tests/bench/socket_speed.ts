/**
 * Throughput over a real WebSocket: part of `deno task bench`, which runs it with the V8 flags of `deno task start`.
 */
import { exchangeNamed } from "../../src/exchanges/known_exchanges.ts";
import { BinanceMessageReader } from "../../src/exchanges/binance/binance_message.ts";
import { FrameBatch } from "../../src/formats/frame_batch.ts";
import { LiveFeed } from "../../src/feeds/live/live_feed.ts";
import { config, FRAMES, MESSAGES, newPipeline } from "./stream.ts";
import { median, table } from "./table.ts";
import { timedAsync } from "./timing.ts";

const ROUNDS = 7;
/** What issue 18 asks for: this share of a bare reader's frames. */
const ASKED = 0.8;
const reader = new FrameBatch(new BinanceMessageReader(config.symbol));
await overWebSocket();
Deno.exit();

/** The pipeline over a loopback WebSocket, compared with a bare reader that only counts. */
async function overWebSocket(): Promise<void> {
  const { endpoint, stop } = await startFlood();
  const bare: number[] = [];
  const whole: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    bare.push(await timedAsync(() => countFrames(endpoint)));
    whole.push(await timedAsync(() => runFrames(endpoint)));
  }
  await stop();
  const perSecond = (ms: number): string => `${Math.round(FRAMES / ms)} k frames/s`;
  const ratios = whole.map((ms, round) => bare[round]! / ms);
  table("Over a loopback WebSocket, in pieces of 64 kB from another process", [
    ["a bare reader that only counts", perSecond(median(bare))],
    ["feed and whole pipeline", perSecond(median(whole))],
    [
      "frames a second, pipeline ÷ bare",
      `median ${median(ratios).toFixed(2)}, best ${Math.max(...ratios).toFixed(2)} (asked for: ${ASKED})`,
    ],
  ]);
}

/** Starts the process that sends the frames. */
async function startFlood(): Promise<{ readonly endpoint: string; stop(): Promise<void> }> {
  const script = new URL("./flood_server.ts", import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-net=127.0.0.1", "--allow-read", script],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const { value } = await child.stdout.pipeThrough(new TextDecoderStream()).getReader().read();
  const stop = async (): Promise<void> => {
    await child.stdin.close();
    await child.status;
  };
  return { endpoint: `ws://127.0.0.1:${Number(value)}`, stop };
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
