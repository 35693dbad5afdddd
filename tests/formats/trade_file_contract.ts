/** The contract of file formats: the tests of each call `testTradeFile`, and say how its files hold a trade. */
import { BLOCK_ROWS } from "../../src/domain/market/block.ts";
import { assert, assertMatch, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { READ_AHEAD } from "../../src/domain/numbers/decimal_bytes.ts";
import { UnusableInput } from "../../src/domain/market/unusable_input.ts";
import { BinanceMessageReader } from "../../src/exchanges/binance/binance_message.ts";
import { PeekedSource } from "../../src/feeds/files/byte_source.ts";
import { lineChunks } from "../../src/feeds/files/line_chunks.ts";
import { ChunkReader } from "../../src/formats/chunk_reader.ts";
import { layoutOf, TRADE_FILES } from "../../src/formats/file_layout.ts";
import type { TradeFile } from "../../src/formats/trade_file.ts";
import { joined } from "../feeds/recorded_input.ts";
import { type FileTrade, walk } from "../support/trade_files.ts";
import { assertEquals } from "../support/equals.ts";

/** A format, and what its files are made of. */
export interface TradeFileCase {
  readonly name: string;
  readonly format: TradeFile;
  /** The name of the layout that its files show. */
  readonly layout: string;
  /** Makes a whole file of these records; concatenates them unless given. */
  readonly file?: (records: readonly Uint8Array[]) => Uint8Array;
  /** One trade as a file holds it, with its line end. Both ids are the same, and the time is a whole millisecond. */
  readonly record: (trade: FileTrade) => string | Uint8Array;
  /** Whether the files have no ids, so that trades are numbered. */
  readonly isCounted?: boolean;
  /** Whether the end of a row may be left out, or look whole wherever it is cut, as a number does. */
  readonly isOpenEnded?: boolean;
  /** Whether they say who took; yes unless given. Otherwise every trade counts as a buy. */
  readonly hasSides?: boolean;
  /** Unusable records, each with the column of the fault, in bytes from 1, and with part of the message. */
  readonly damaged: readonly (readonly [record: string | Uint8Array, column: number, what: string])[];
}

/** The result of one step of reading: the line, and the trade's fields or the reason for a rejection. */
interface Step {
  readonly line: number;
  readonly found: Fields | string;
}

interface Fields {
  readonly firstId: number;
  readonly lastId: number;
  readonly time: number;
  readonly price: number;
  readonly decimals: number;
  readonly quantity: bigint;
  readonly buyerIsMaker: boolean;
}

const NAME = "a.file";
const LARGEST = Number.MAX_SAFE_INTEGER;

/** Registers the contract's tests. */
export function testTradeFile(subject: TradeFileCase): void {
  const { name, format, layout } = subject;
  const isKnown = TRADE_FILES.includes(format);
  const formats = isKnown ? TRADE_FILES : [...TRADE_FILES, format];
  const expectedOf = (trades: readonly FileTrade[]) =>
    trades.map((trade, at) => {
      const said = subject.isCounted === true ? { ...trade, firstId: at + 1, lastId: at + 1 } : trade;
      return expected(subject.hasSides === false ? { ...said, buyerIsMaker: false } : said);
    });
  const isOfLines = foundLayout(subject, formats).unit === "line";
  const read = (bytes: Uint8Array, strict = false, chunkBytes?: number) =>
    stepsIn(bytes, { formats, strict, ...(chunkBytes === undefined ? {} : { chunkBytes }) });

  Deno.test(`${name}: no format before it in the table claims its files, and it never throws at a line`, () => {
    const line = firstLine(fileOf(subject, walk(1, 3)));
    for (const other of formats.slice(0, formats.indexOf(format))) {
      assert(typeof layoutOf(line, [other]) === "string", other.name);
    }
    const found = foundLayout(subject, formats);
    assertEquals(found.name, layout);
    assert(format.name.length > 0);
    fc.assert(fc.property(fc.oneof(fc.uint8Array(), fc.string().map(encoded)), (bytes) => {
      layoutOf(bytes, [format]);
    }));
  });

  Deno.test(`${name}: trades and their lines are the same wherever chunks end`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 1_000_000 }),
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 500 }),
        async (seed, count, chunkBytes) => {
          const trades = walk(seed, count).map(amountsOf(seed));
          const steps = await read(fileOf(subject, trades), true, chunkBytes);
          assertEquals(steps.map(({ found }) => found), expectedOf(trades));
          const [first = 0] = steps.map(({ line }) => line);
          assertEquals(steps.map(({ line }) => line - first), trades.map((_, at) => at));
        },
      ),
      { numRuns: 60 },
    );
  });

  Deno.test(`${name}: blocks, if its reader makes any, hold the trades that next() reads`, async () => {
    // Prices with two decimals and a tick size of a cent, as most symbols have them.
    const trades = walk(7, 300, { holes: 20 });
    const damaged = trades.flatMap((trade, at) => {
      const record = bytesOf(subject.record(trade));
      return at % 50 === 49 ? [record, bytesOf(subject.damaged[0]![0])] : [record];
    });
    for (const chunkBytes of [300, 1 << 18]) {
      const options = { formats, strict: false, chunkBytes };
      const bytes = wholeFile(subject, damaged);
      const steps = await stepsIn(bytes, options);
      const inBlocks = await stepsIn(bytes, { ...options, inBlocks: true });
      assertEquals(inBlocks.map(({ found }) => found), steps.map(({ found }) => found));
    }
  });

  Deno.test(`${name}: an unusable record stops a strict reader at its file, line and column, and another reader skips it`, async () => {
    const trades = walk(2, 8);
    for (const [record, column, what] of subject.damaged) {
      const records = trades.map((trade) => bytesOf(subject.record(trade)));
      const whole = await read(wholeFile(subject, records));
      const bytes = wholeFile(subject, records.toSpliced(4, 0, bytesOf(record)));
      for (const chunkBytes of [1, 64, 1 << 18]) {
        const steps = await read(bytes, false, chunkBytes);
        const { line } = steps[4]!;
        assertEquals(steps.map(({ found }) => found).toSpliced(4, 1), whole.map(({ found }) => found));
        assertEquals(line, whole[3]!.line + 1);
        const reason = String(steps[4]!.found);
        assert(reason.startsWith(`${NAME}:${line}:${column}: `), reason);
        assertStringIncludes(reason, what);
        const strict = await read(bytes, true, chunkBytes);
        assertEquals(strict, steps.slice(0, 5));
      }
    }
  });

  Deno.test(`${name}: a file that is cut off gives the trades before its end, and never a wrong one`, async () => {
    const trades = walk(3, 6);
    const bytes = fileOf(subject, trades);
    const last = bytes.length - bytesOf(subject.record(trades.at(-1)!)).length;
    for (let end = last; end < bytes.length; end++) {
      const steps = await read(bytes.subarray(0, end));
      const found = steps.flatMap((step) => typeof step.found === "object" ? [step.found] : []);
      // If only the line end is missing, the trade is whole.
      const isWhole = isOfLines && firstLine(bytes.subarray(last)).length <= end - last;
      if (subject.isOpenEnded === true) {
        assertEquals(found.slice(0, 5), expectedOf(trades.slice(0, 5)), `${end}`);
        assert(steps.length <= 6);
        continue;
      }
      if (isOfLines) assertEquals(found, expectedOf(trades.slice(0, isWhole ? 6 : 5)), `${end}`);
      for (const trade of found) {
        assertEquals(trade, expectedOf(trades).find(({ lastId }) => lastId === trade.lastId));
      }
      assert(steps.length - found.length <= 1);
    }
  });

  if (isOfLines) {
    Deno.test(`${name}: any line end is accepted, and blank lines are skipped but counted`, async () => {
      const trades = walk(4, 5);
      const lines = new TextDecoder().decode(fileOf(subject, trades)).trimEnd().split("\n");
      const whole = await read(encoded(lines.join("\n")));
      assertEquals(whole.length, 5);
      for (const end of ["\r\n", "\n\n", "\n \t\r\n", "\r\n\n"]) {
        const apart = end.split("\n").length - 1;
        const steps = await read(encoded(lines.join(end) + end));
        assertEquals(steps, whole.map(({ line, found }) => ({ line: (line - 1) * apart + 1, found })));
      }
      assertEquals(await read(encoded(`\ufeff${lines.join("\n")}`)), whole);
    });
  }

  if (subject.isCounted !== true) {
    Deno.test(`${name}: ids are exact up to ${LARGEST}, and larger ones are rejected, not rounded`, async () => {
      const [trade] = walk(5, 1);
      const at = (id: number): FileTrade => ({ ...trade!, firstId: id, lastId: id });
      const ids = [LARGEST - 3, LARGEST - 1, LARGEST, LARGEST + 1];
      const steps = await read(fileOf(subject, [at(1), ...ids.map(at)]));
      assertEquals(
        steps.slice(0, 4).map(({ found }) => found),
        [1, ...ids.slice(0, 3)].map(at).map(expected),
      );
      assertEquals([steps.length, typeof steps[4]!.found], [5, "string"]);
    });
  }

  Deno.test(`${name}: a complaint names the place of its trade, even after more has been read`, async () => {
    const bytes = fileOf(subject, walk(6, 9));
    for (const strict of [true, false]) {
      const reader = new ChunkReader(new BinanceMessageReader("BTCUSDT"), strict);
      for await (const chunk of chunksOf(bytes, formats)) reader.open(chunk);
      assertEquals(reader.next(), "trade");
      const { line } = reader;
      const complain = reader.complain();
      assertEquals(reader.next(), "trade");
      const { reason, error } = complain("it is late");
      assertMatch(reason, new RegExp(`^${NAME}:${line}(:\\d+)?: it is late$`));
      assertEquals(error?.message, strict ? reason : undefined);
    }
  });
}

function foundLayout(subject: TradeFileCase, formats: readonly TradeFile[]) {
  const layout = layoutOf(firstLine(fileOf(subject, walk(1, 3))), formats);
  if (typeof layout === "string") throw new TypeError(`${subject.name} is not recognized: ${layout}`);
  return layout;
}

/** Everything that is read from a file. Overwrites each chunk once it has been read, because bytes are only lent. */
async function stepsIn(
  bytes: Uint8Array,
  { formats, strict, chunkBytes, inBlocks = false }: {
    readonly formats: readonly TradeFile[];
    readonly strict: boolean;
    readonly chunkBytes?: number;
    /** Whether to take blocks wherever the reader has any. */
    readonly inBlocks?: boolean;
  },
): Promise<Step[]> {
  const reader = new ChunkReader(new BinanceMessageReader("BTCUSDT"), strict);
  const steps: Step[] = [];
  for await (const chunk of chunksOf(bytes, formats, chunkBytes)) {
    const { origin } = chunk;
    const part = chunk.bytes.subarray(chunk.start, chunk.end);
    const lent = encoded("7".repeat(part.length + READ_AHEAD + 9));
    lent.set(part, 5);
    reader.open({ origin, bytes: lent, start: 5, end: 5 + part.length });
    const { trade } = reader;
    try {
      for (;;) {
        const last = steps.at(-1)?.found;
        const block = inBlocks && typeof last === "object" ? blockAfter(reader, last) : [];
        steps.push(...block);
        if (block.length > 0) continue;
        const read = reader.next();
        if (read === null && reader.takeNote() === null) break;
        const { line } = reader;
        if (read === "trade") steps.push({ line, found: fieldsOf(reader) });
        if (read === "rejected") steps.push({ line, found: reader.reason });
        assert(reader.trade === trade && reader.sample().length <= 200);
      }
    } catch (error) {
      if (!(error instanceof UnusableInput)) throw error;
      steps.push({ line: reader.line, found: error.message });
      return steps;
    }
    lent.fill(0);
  }
  return steps;
}

/** The next block, row by row. */
function blockAfter(reader: ChunkReader, { lastId, time, decimals }: Fields): Step[] {
  // A position counts prices in one unit; two decimals hold those of these trades.
  const block = reader.takeBlock({ id: lastId, time, decimals: Math.max(decimals, 2) }, BLOCK_ROWS);
  return Array.from({ length: block?.size ?? 0 }, (_, row) => {
    const { id, time, price, quantityWhole, quantityFraction, buyerIsMaker, decimals } = block!;
    const digits = String(price[row]!);
    const zeros = Math.min(decimals, digits.length - digits.replace(/0+$/, "").length);
    const found = {
      firstId: row === 0 ? block!.firstId : id[row - 1]! + 1,
      lastId: id[row]!,
      time: time[row]!,
      price: price[row]! / 10 ** zeros,
      decimals: decimals - zeros,
      quantity: BigInt(quantityWhole[row]!) * 100_000_000n + BigInt(quantityFraction[row]!),
      buyerIsMaker: buyerIsMaker[row] === 1,
    };
    return { line: reader.line, found };
  });
}

function chunksOf(bytes: Uint8Array, formats: readonly TradeFile[], chunkBytes = 1 << 18) {
  const nothing = { read: () => Promise.resolve(null), close: () => Promise.resolve() };
  return lineChunks(NAME, new PeekedSource(bytes, nothing), { chunkBytes, formats, onWarning: () => {} });
}

function fieldsOf({ trade }: ChunkReader): Fields {
  const { firstId, lastId, time, price, decimals, quantityWhole, quantityFraction, buyerIsMaker } = trade;
  const quantity = BigInt(quantityWhole) * 100_000_000n + BigInt(quantityFraction);
  return { firstId, lastId, time, price, decimals, quantity, buyerIsMaker };
}

/** The fields of a trade, computed naively. */
function expected({ firstId, lastId, time, price, quantity, buyerIsMaker }: FileTrade): Fields {
  const [whole = "", decimals = ""] = price.split(".");
  const kept = decimals.replace(/0+$/, "");
  const [units = "", fraction = ""] = quantity.split(".");
  return {
    firstId,
    lastId,
    time,
    price: Number(whole + kept),
    decimals: kept.length,
    quantity: BigInt(units + fraction.padEnd(8, "0")),
    buyerIsMaker,
  };
}

/** Gives a trade a price and a quantity with another number of digits, from `seed`. */
function amountsOf(seed: number): (trade: FileTrade, at: number) => FileTrade {
  return (trade, at) => {
    const decimals = (seed + at) % 9;
    const price = ((seed * 7919 + at * 104_729) % 99_999_999 + 1) / 10 ** decimals;
    const quantity = (seed * 31 + at * 17) % 1_000_003 + 1;
    return {
      ...trade,
      price: price.toFixed(decimals),
      quantity: `${Math.floor(quantity / 1000)}.${String(quantity % 1000).padStart(3, "0")}`,
    };
  };
}

function fileOf(subject: TradeFileCase, trades: readonly FileTrade[]): Uint8Array {
  return wholeFile(subject, trades.map((trade) => bytesOf(subject.record(trade))));
}

function wholeFile(
  { file = (records) => joined(...records) }: TradeFileCase,
  records: readonly Uint8Array[],
) {
  return file(records);
}

function firstLine(bytes: Uint8Array): Uint8Array {
  const feed = bytes.indexOf(10);
  return feed < 0 ? bytes : bytes.subarray(0, feed);
}

function bytesOf(record: string | Uint8Array): Uint8Array {
  return typeof record === "string" ? encoded(record) : record;
}

function encoded(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
