/** Damaged recordings: MessageLines must read each of them as a naive reader does, line by line. */
import { assertGreater } from "@std/assert";
import { BinanceMessageReader } from "../../src/exchanges/binance/binance_message.ts";
import { MessageLines } from "../../src/formats/message_lines.ts";
import { isNote, noteText, readNote } from "../../src/domain/recording/recording_note.ts";
import type { TradeFields } from "../../src/domain/market/trade_reader.ts";
import { UnusableInput } from "../../src/domain/market/unusable_input.ts";
import { fuzzCases } from "../support/fuzz_inputs.ts";
import { SeededRandom } from "../support/random.ts";
import { MESSAGES, RECORDING } from "../support/layouts.ts";
import { assertEquals } from "../support/equals.ts";

/** Each holds about 9 lines. */
const RECORDINGS = fuzzCases(6_000, 9);
const ENCODER = new TextEncoder();
const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });

const FRAMES = [
  `{"e":"trade","E":1723161255343,"s":"BTCUSDT","t":3735683259,"p":"61837.63000000","q":"0.02000000","T":1723161255342,"m":true,"M":true}`,
  `{"e":"trade","E":1723161255343,"s":"BTCUSDT","t":3735683260,"p":"61837.64","q":"0.5","T":1723161255342,"m":false,"M":true}`,
  `{"stream":"btcusdt@trade","data":{"e":"trade","E":1723161255343,"s":"BTCUSDT","t":3735683261,"p":"1","q":"2","T":1723161255342,"m":true,"M":true}}`,
  `{"e":"aggTrade","E":1723161255343,"s":"BTCUSDT","a":307100,"p":"0.00000908","q":"3591711.00","f":209942017,"l":209942019,"T":1729987202368,"m":false,"M":true}`,
  `{"e":"trade", "E":1723161255343,"s":"BTCUSDT","t":5,"p":"1","q":"2","T":1723161255342,"m":true}`,
  `{"e":"trade","E":1723161255343,"s":"ETHUSDT","t":5,"p":"1","q":"2","T":1723161255342,"m":true}`,
  `{"stream":"btcusdt@bookTicker","data":{"u":400900217,"s":"BTCUSDT","b":"25.3","B":"31.2","a":"25.4","A":"40.6"}}`,
  `{"e":"trade","E":1756220468099,"T":1756220468099,"s":"BTCUSDT","t":6587981240,"p":"0","q":"0","X":"NA","m":true}`,
  `{"result":null,"id":1}`,
  `(binary frame)`,
  noteText({ event: "connected", endpoint: "ws://127.0.0.1:9001", attempt: 1 }),
  noteText({ event: "disconnected", reason: "ü€\n", retryInMs: 250 }),
  noteText({ event: "lost", frames: 1, from: 1723161255342123, to: 1723161255342124 }),
  noteText({ event: "frame", text: `{\n"e":"trade"}` }),
  noteText({
    event: "frame",
    text: `\n{"e":"trade","E":1,"s":"BTCUSDT","t":9,"p":"1.5","q":"2","T":1723161255342,"m":true,"M":true}`,
  }),
  `{"penstock":{"event":"later"}}`,
];
const HEADER = noteText({ event: "recording", version: 1, symbol: "BTCUSDT" });
const TIMES = [
  "1723161255342123",
  "1723161255342123456",
  "1723161255342",
  "99999999999",
  "1",
  "900000000000000009",
];
const SCRAPS = [
  "\n",
  "\r\n",
  "\r",
  " ",
  "\n\n",
  " \t\n",
  "{",
  "}",
  `"`,
  "0",
  "7",
  "\ufeff",
  "é",
  "\0",
  `{"penstock":`,
];

/** A recording as the exchange, the disk or a careless edit might have left it. */
function makeRecording(random: SeededRandom, isTimed: boolean): Uint8Array {
  const usual = random.pick(TIMES.slice(0, 3));
  const end = random.pick(["\n", "\n", "\r\n"]);
  let text = random.whole(0, 2) > 0 ? (isTimed ? `${usual} ` : "") + HEADER + end : "";
  for (let left = random.whole(0, 12); left > 0; left--) {
    const time = isTimed ? `${random.whole(0, 30) === 0 ? random.pick(TIMES) : usual} ` : "";
    text += time + (random.whole(0, 2) === 0 ? random.pick(FRAMES) : FRAMES[random.whole(0, 1)]) + end;
  }
  for (let left = random.whole(0, 2); left > 0; left--) {
    const at = random.whole(0, text.length);
    const kind = random.whole(0, 3);
    if (kind === 0) text = text.slice(0, at) + random.pick(SCRAPS) + text.slice(at);
    else if (kind === 1) text = text.slice(0, at) + text.slice(at + random.whole(1, 30));
    else if (kind === 2) text = text.slice(0, at) + text.slice(random.whole(0, text.length));
    else text = text.slice(0, at);
  }
  const bytes = ENCODER.encode(text);
  if (bytes.length > 0 && random.whole(0, 3) === 0) {
    bytes[random.whole(0, bytes.length - 1)]! ^= 1 << random.whole(0, 7);
  }
  return bytes;
}

function fieldsOf(trade: TradeFields): string {
  const { firstId, lastId, time, price, decimals, quantityWhole, quantityFraction, buyerIsMaker } = trade;
  return [firstId, lastId, time, price, decimals, quantityWhole, quantityFraction, buyerIsMaker].join();
}

/** The content of a recording, read with only strings, regular expressions and JSON. */
function readPlainly(bytes: Uint8Array, isTimed: boolean, strict: boolean): string[] {
  const found: string[] = [];
  const reader = new BinanceMessageReader("BTCUSDT");
  let isOwn = false;
  const lines = DECODER.decode(bytes).split("\n");
  for (const [at, whole] of lines.entries()) {
    const line = whole.endsWith("\r") ? whole.slice(0, -1) : whole;
    const isLast = at === lines.length - 1;
    if (/^[ \t\r]*$/.test(line)) continue;
    const unusable = strict ? `thrown ${at + 1}` : `rejected ${at + 1}`;
    let frame = line;
    let time = 0n;
    if (isTimed) {
      const parts = /^([1-9][0-9]*) ([^]+)$/.exec(line);
      time = BigInt(parts?.[1] ?? 0);
      time = time >= 10n ** 17n
        ? time / 1000n
        : time >= 10n ** 14n
        ? time
        : time >= 10n ** 11n
        ? time * 1000n
        : time >= 10n ** 9n && time < 10n ** 10n
        ? time * 1_000_000n
        : 0n;
      if (parts === null || time === 0n || time > 2n ** 53n - 1n) {
        const isTorn = isOwn || at === 0 && /^\d{1,19} ?$/.test(line);
        found.push(isTorn && isLast ? "torn" : unusable);
        continue;
      }
      frame = parts[2]!;
    }
    let isQuoted = false;
    if (isNote(frame)) {
      const note = readNote(frame);
      if (note.event === "malformed") {
        found.push(isLast ? "torn" : unusable);
        continue;
      }
      if (note.event !== "frame") {
        if (at === 0 && note.event === "recording") isOwn = true;
        found.push(`note ${JSON.stringify({ ...note, time: Number(time) })}`);
        continue;
      }
      isQuoted = true;
      frame = note.text;
    }
    const readResult = reader.decode(frame);
    const seen = `${time} ${frame.slice(0, 200)}`;
    if (readResult === "trade") found.push(`trade ${fieldsOf(reader)} ${seen}`);
    else if (readResult === "other") found.push(`other ${seen}`);
    else if ((isOwn || at === 0 && '{"penstock":{'.startsWith(frame)) && isLast && !isQuoted) {
      found.push("torn");
    } else if (isOwn || reader.isMarker) found.push(`rejected ${reader.reason} ${reader.emptyId} ${seen}`);
    else found.push(unusable);
  }
  return found;
}

/** The same with MessageLines, from chunks cut between lines, in a buffer that still holds other lines. */
function readLines(
  bytes: Uint8Array,
  isTimed: boolean,
  strict: boolean,
  random: SeededRandom,
  room: Uint8Array,
): string[] {
  const found: string[] = [];
  const lines = new MessageLines(new BinanceMessageReader("BTCUSDT"), strict, isTimed);
  const origin = { name: "file", layout: isTimed ? RECORDING : MESSAGES };
  for (let from = 0; from < bytes.length;) {
    let to = random.whole(0, 3) === 0 ? bytes.length : random.whole(from, bytes.length);
    while (to < bytes.length && bytes[to - 1] !== 10) to++;
    const start = random.whole(0, 40);
    room.set(bytes.subarray(from, to), start);
    lines.open({ origin, bytes: room, start, end: start + to - from });
    from = to;
    for (;;) {
      try {
        const readResult = lines.next();
        const seen = `${lines.receivedAt} ${readResult === null ? "" : lines.sample()}`;
        if (readResult === "trade") found.push(`trade ${fieldsOf(lines.trade)} ${seen}`);
        else if (readResult === "other") found.push(`other ${seen}`);
        else if (readResult === "rejected") {
          const line = /^file:(\d+):\d+: /.exec(lines.reason)?.[1];
          found.push(`rejected ${line ?? `${lines.reason} ${lines.emptyId} ${seen}`}`);
        } else {
          const note = lines.takeNote();
          if (note === null) break;
          found.push(`note ${JSON.stringify(note)}`);
        }
      } catch (error) {
        if (!(error instanceof UnusableInput)) throw error;
        found.push(`thrown ${error.place.line}`);
      }
    }
  }
  if (lines.torn) found.push("torn");
  return found;
}

Deno.test("MessageLines reads thousands of damaged recordings as a naive reader does", () => {
  const random = new SeededRandom(3);
  const room = new Uint8Array(16_384);
  const counts: Record<string, number> = {};
  for (let n = 0; n < RECORDINGS; n++) {
    const isTimed = random.whole(0, 3) > 0;
    const strict = random.whole(0, 1) === 0;
    const bytes = makeRecording(random, isTimed);
    const expected = readPlainly(bytes, isTimed, strict);
    const found = readLines(bytes, isTimed, strict, random, room);
    if (found.join("\n") !== expected.join("\n")) {
      assertEquals({ text: DECODER.decode(bytes), found }, { text: DECODER.decode(bytes), found: expected });
    }
    for (const one of found) {
      const kind = one.split(" ")[0]!;
      counts[kind] = (counts[kind] ?? 0) + 1;
    }
  }
  // Every outcome must be frequent, or the test would prove little.
  assertGreater(counts.trade!, 10_000);
  for (const kind of ["other", "note", "rejected"]) assertGreater(counts[kind]!, 1_000, kind);
  for (const kind of ["thrown", "torn"]) assertGreater(counts[kind]!, 300, kind);
});
