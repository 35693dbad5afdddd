/** The tests that every exchange must pass: call `testExchange` with what it sends and answers. */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import type { ReadResult } from "../../src/domain/market/trade_reader.ts";
import type { Exchange, ReadInfo } from "../../src/exchanges/exchange.ts";
import type { FrameDecoder } from "../../src/exchanges/frame_decoder.ts";
import { hostOf } from "../../src/exchanges/hosts.ts";
import { RejectedAnswer } from "../../src/exchanges/rest_question.ts";
import { LiveFeed } from "../../src/feeds/live/live_feed.ts";
import { firstIdIn, lastIdIn } from "../../src/feeds/live/message_ids.ts";
import { FrameBatch } from "../../src/formats/frame_batch.ts";
import { Pipeline } from "../../src/stages/pipeline.ts";
import { answering, backfillOf, collect, restOf } from "../feeds/backfill_run.ts";
import { RawServer, socketTest } from "../feeds/raw_server.ts";
import { DEFAULTS, optionsOf } from "../support/pipeline_input.ts";
import { MESSAGES } from "../support/layouts.ts";

/** An exchange, with what it sends and answers about one symbol. */
export interface ExchangeCase {
  readonly name: string;
  readonly exchange: Exchange;
  readonly symbol: string;
  /** Consecutive frames, with the ids of the trades in them. Each except the first could get lost. */
  readonly frames: readonly { readonly text: string; readonly ids: readonly number[] }[];
  /** Frames that cannot be used. */
  readonly unusable: readonly string[];
  /** A frame of trades of another symbol, and that symbol. */
  readonly other: { readonly text: string; readonly symbol: string };
  /** A notice that the server is about to close its connections. */
  readonly shutdown: string;
  /** An answer with the rules of the symbol, and those rules. */
  readonly rules: { readonly body: unknown; readonly are: ReadInfo["rules"] };
  /** The JSON that its REST side answers to a path after the trades of all frames. */
  answer(url: URL): string;
}

const ENCODER = new TextEncoder();

/** Registers the contract's tests. */
export function testExchange(subject: ExchangeCase): void {
  const { name, exchange, symbol, frames, answer } = subject;
  const texts = frames.map(({ text }) => text);
  const ids = frames.flatMap((frame) => frame.ids);

  Deno.test(`${name} keeps streams and requests to the base address, and names the symbol`, () => {
    const at = (symbol: string) => [
      exchange.streamUrl("wss://h:1", symbol),
      ...exchange.subscriptions(symbol),
    ];
    assertEquals(new URL(at(symbol)[0]!).host, "h:1");
    assertNotEquals(at(symbol), at(`${symbol}X`));
    assertEquals(exchange.instrumentQuestion("https://h", symbol).base, "https://h");
    assert(exchange.instrumentQuestion("https://h", symbol).path.startsWith("/"));
    for (const { base } of exchange.missedTrades("https://h")) assertEquals(base, "https://h");
    const { stream, rest, marketDataStream, marketDataRest } = exchange.addresses;
    const hosts = [stream, rest, marketDataStream, marketDataRest].flatMap((address) =>
      address === null ? [] : [hostOf(address)]
    );
    const asked = [
      ...exchange.instrumentBases,
      ...exchange.missedTrades(null).map(({ base }) => base),
      exchange.streamUrl(stream, symbol),
    ];
    for (const address of asked) assert(hosts.includes(hostOf(address)), address);
  });

  Deno.test(`${name} asks for a pause after a refusal for too many requests, and does not interpret a refusal without a reason`, () => {
    assert(exchange.refusal(429, exchange.addresses.rest).stayAwayMs !== null);
    assertEquals(exchange.refusal(404, exchange.addresses.rest).stayAwayMs, null);
    for (const body of [undefined, null, [], "x", {}]) {
      assertEquals(exchange.explanation(body), { error: null, isUnknownSymbol: false });
      assertEquals(exchange.timeIn(body), null);
    }
    assertEquals(exchange.usedWeight(new Headers()), null);
  });

  Deno.test(`${name}'s decoder reads every trade of a frame, and its scan agrees with it`, () => {
    const decoder = exchange.decoder(symbol);
    assertEquals(decoder.symbol, symbol);
    const { trade } = decoder;
    for (const frame of frames) {
      assertEquals(readTrades(decoder, frame.text).map(({ lastId }) => lastId), frame.ids, frame.text);
      assertEquals(decoder.next(), null);
      assert(decoder.trade === trade);
      const [whole] = readTrades(decoder, frame.text);
      const { scan } = decoder;
      if (scan === null || !scan.takeFrames([frame.text]) || scan.readFrames(0) === 0) continue;
      scan.give(0);
      assertEquals([frame.ids.length, { ...fieldsOf(decoder) }], [1, whole]);
    }
    // The rest of a frame is dropped with the next one.
    const several = frames.findLast((frame) => frame.ids.length > 0)!;
    decoder.decode(several.text);
    assertEquals(readTrades(decoder, texts[0]!).map(({ lastId }) => lastId), frames[0]!.ids);
  });

  Deno.test(`${name}'s trades are consecutive, and a lost frame leaves a gap of all its ids`, () => {
    const decoder = exchange.decoder(symbol);
    const trades = texts.flatMap((text) => readTrades(decoder, text));
    for (const [index, trade] of trades.entries()) {
      if (index > 0) assertEquals(trade.firstId, trades[index - 1]!.lastId + 1);
    }
    assertEquals(gapsIn(subject, texts), []);
    for (const [index, frame] of frames.entries()) {
      if (index === 0 || index === frames.length - 1 || frame.ids.length === 0) continue;
      const lost = trades.filter(({ lastId }) => frame.ids.includes(lastId));
      const missing = lost.at(-1)!.lastId - lost[0]!.firstId + 1;
      assertEquals(gapsIn(subject, texts.toSpliced(index, 1)), [missing]);
    }
  });

  Deno.test(`${name}'s frames give the same trades live and recorded`, () => {
    const batch = new FrameBatch(exchange.decoder(symbol));
    const live: unknown[] = [];
    batch.open([...texts, ...subject.unusable, ...texts]);
    for (let read = batch.next(); read !== null; read = batch.next()) {
      live.push(read === "trade" ? { ...fieldsOf(batch) } : read);
    }
    assertEquals(batch.taken, 2 * texts.length + subject.unusable.length);
    const bytes = ENCODER.encode(
      [...texts, ...subject.unusable, ...texts].map((text) => `${text}\n`).join(""),
    );
    const origin = { name: "a.txt", layout: MESSAGES };
    const lines = MESSAGES.reader(exchange.decoder(symbol), false);
    lines.open({ origin, bytes, start: 0, end: bytes.length });
    const recorded: unknown[] = [];
    for (let read = lines.next(); read !== null; read = lines.next()) {
      recorded.push(read === "trade" ? { ...fieldsOf(lines) } : read);
    }
    assertEquals(recorded, live);
    assertEquals(live.filter((read) => typeof read === "object").length, 2 * ids.length);
    assertEquals(live.filter((read) => read === "rejected").length, subject.unusable.length);
  });

  Deno.test(`${name}'s frames show the ids that they start and end with`, () => {
    const decoder = exchange.decoder(symbol);
    const trades = texts.flatMap((text) => readTrades(decoder, text));
    assertEquals([firstIdIn(texts, decoder), lastIdIn(texts, decoder)], [trades[0]!.firstId, ids.at(-1)]);
    for (const frame of frames) {
      const [first] = readTrades(decoder, frame.text);
      const edges = [firstIdIn([frame.text], decoder), lastIdIn([frame.text], decoder)];
      assertEquals(edges, [first?.firstId ?? null, frame.ids.at(-1) ?? null]);
    }
  });

  Deno.test(`${name} reads the rules of its instruments, from an answer and from a saved one`, () => {
    const { body, are } = subject.rules;
    const read = exchange.instrumentQuestion("https://h", symbol).read(body);
    assert(!(read instanceof RejectedAnswer) && "rules" in read);
    assertEquals(read.rules, are);
    assertEquals(exchange.readInstrument(body, symbol), read);
    assertEquals(exchange.readInstrument(body, `${symbol}X`), null);
    assert(exchange.instrumentQuestion("https://h", `${symbol}X`).read(body) instanceof RejectedAnswer);
  });

  Deno.test(`${name}'s decoder reports what is wrong and where, and recognises notices and other symbols`, () => {
    const decoder = exchange.decoder(symbol);
    for (const frame of subject.unusable) {
      assertEquals(decoder.decode(frame), "rejected", frame);
      const { reason } = decoder;
      assert(reason.length > 0 && reason.length < 300);
      const { what, position } = decoder.fault(reason, frame);
      assert(what.startsWith(reason) && position >= 0 && position <= frame.length, what);
      assertEquals(decoder.next(), null);
    }
    const { other, shutdown } = subject;
    assertEquals(decoder.decode(other.text), "other");
    assertEquals([other.text, texts[0]!].map((text) => decoder.otherSymbol(text)), [other.symbol, null]);
    assertEquals(decoder.decode(shutdown), "other");
    assertEquals([shutdown, ...texts].map((text) => decoder.isShutdownNotice(text)).lastIndexOf(true), 0);
  });

  socketTest(`${name}'s stream starts once its subscriptions have been sent`, async () => {
    const wanted = exchange.subscriptions(symbol);
    const received: string[] = [];
    await using server = RawServer.listen(async (visit) => {
      await visit.upgrade();
      received.push(...await visit.receive(wanted.length));
      for (const text of texts) await visit.send(text);
      await visit.untilGoodbye();
      visit.end();
    });
    const ending = new AbortController();
    const feed = new LiveFeed({
      exchange,
      endpoint: server.endpoint,
      symbol,
      staleMs: 60_000,
      retryMaxMs: 100,
      attempts: 1,
      renewAfterMs: 3_600_000,
      signal: ending.signal,
    });
    const got: string[] = [];
    for await (const batch of feed) {
      if (batch.kind === "messages") got.push(...batch.messages);
      if (got.length === texts.length) ending.abort();
    }
    assertEquals([got, received], [texts, wanted]);
    const { pathname, search } = new URL(exchange.streamUrl(server.endpoint, symbol));
    assertEquals(server.visits.map(({ request }) => request.url.pathname + request.url.search), [
      pathname + search,
    ]);
  });

  Deno.test(`${name} has the trades of a lost frame, and no others`, async () => {
    const decoder = exchange.decoder(symbol);
    await using server = answering((_number, url) => ({ body: answer(url) }));
    for (const [index, frame] of frames.entries()) {
      if (index === 0 || frame.ids.length === 0) continue;
      const lost = readTrades(decoder, frame.text);
      const { backfill } = backfillOf(restOf(server), { exchange, symbol });
      const { rows, end } = await collect(backfill, lost[0]!.firstId, lost.at(-1)!.lastId);
      assertEquals(rows.map(({ lastId }) => lastId), frame.ids);
      assertEquals([end.complete, end.fetched, end.lastId], [true, frame.ids.length, frame.ids.at(-1)]);
    }
  });
}

/** All trades of a frame. */
function readTrades(decoder: FrameDecoder, frame: string) {
  const trades = [];
  for (let read: ReadResult | null = decoder.decode(frame); read !== null; read = decoder.next()) {
    if (read === "trade") trades.push(fieldsOf(decoder));
  }
  return trades;
}

function fieldsOf({ trade }: Pick<FrameDecoder, "trade">) {
  const { firstId, lastId, time, price, decimals, quantityWhole, quantityFraction, buyerIsMaker } = trade;
  return { firstId, lastId, time, price, decimals, quantityWhole, quantityFraction, buyerIsMaker };
}

/** How many ids are missing in each gap that a run finds. */
function gapsIn({ exchange, symbol }: ExchangeCase, texts: readonly string[]): number[] {
  const pipeline = new Pipeline(optionsOf({ ...DEFAULTS, symbol }));
  const batch = new FrameBatch(exchange.decoder(symbol)).open(texts);
  return [...pipeline.run(batch)].flatMap((event) => event.type === "gap" ? [event.missing] : []);
}
