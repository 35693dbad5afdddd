/** Reads everything in a reader of trades as text, in blocks or one by one, to compare the two. */
import { assert } from "@std/assert";
import type { ReadBlock } from "../../src/domain/market/block.ts";
import type { Followed, TradeFields, TradeReader } from "../../src/domain/market/trade_reader.ts";
import { HOUR } from "../../src/domain/numbers/time.ts";
import { powerOfTen } from "../../src/domain/numbers/price.ts";
import { assertEquals } from "./equals.ts";
import type { SeededRandom } from "./random.ts";

/** How many trades were read in which way. */
export interface ReadCounts {
  single: number;
  inBlocks: number;
  blocks: number;
}

/** One trade as text, its price without trailing zeros. */
function shown(trade: TradeFields, receivedAt = 0): string {
  const { firstId, lastId, time, quantityWhole, quantityFraction, buyerIsMaker } = trade;
  let { price, decimals } = trade;
  while (decimals > 0 && price % 10 === 0) [price, decimals] = [price / 10, decimals - 1];
  return [firstId, lastId, time, price, decimals, quantityWhole, quantityFraction, buyerIsMaker, receivedAt]
    .join();
}

/** The trades of a block as text, after a check that the block keeps its promises. */
function rowsOf(block: ReadBlock, after: Followed): string[] {
  assert(block.size > 0);
  assertEquals([block.symbol, block.decimals], ["BTCUSDT", after.decimals]);
  let { id, time } = after;
  const found: string[] = [];
  assertEquals(block.firstId, id + 1);
  for (let row = 0; row < block.size; row++) {
    const [lastId, stamp, price] = [block.id[row]!, block.time[row]!, block.price[row]!];
    assert(Math.abs(stamp - time) <= HOUR && lastId - id <= 1e9 && Number.isSafeInteger(price));
    const quantity = {
      quantityWhole: block.quantityWhole[row]!,
      quantityFraction: block.quantityFraction[row]!,
    };
    const buyerIsMaker = block.buyerIsMaker[row] === 1;
    const { decimals } = block;
    const trade = { firstId: id + 1, lastId, time: stamp, price, decimals, ...quantity, buyerIsMaker };
    found.push(shown(trade, block.receivedAt[row]));
    [id, time] = [lastId, stamp];
  }
  const prices = block.price.subarray(0, block.size);
  assertEquals(block.highest, Math.max(...prices));
  assertEquals(block.latest, Math.max(...block.time.subarray(0, block.size)));
  return found;
}

/**
 * Everything in a reader: its blocks, and what it reads between them. Adds to `counts`. The first block has to follow
 * `start`.
 */
export function readBlocks(
  reader: TradeReader,
  start: Pick<Followed, "id" | "time">,
  random: SeededRandom,
  counts: ReadCounts,
): string[] {
  const found: string[] = [];
  let after: Followed = { ...start, decimals: 0 };
  for (;;) {
    // A caller that reads blocks may also continue one by one.
    const most = random.pick([4096, 4096, 4096, 1, 3, 50]);
    const block = random.whole(0, 9) === 0 ? null : reader.takeBlock!(after, most);
    if (block !== null) {
      assert(block.size <= most);
      found.push(...rowsOf(block, after));
      const last = block.size - 1;
      after = { id: block.id[last]!, time: block.time[last]!, decimals: after.decimals };
      counts.inBlocks += block.size;
      counts.blocks++;
      continue;
    }
    const read = reader.next();
    if (read === null) return found;
    if (read !== "trade") {
      found.push(`${read} ${reader.reason}`);
      continue;
    }
    const { trade } = reader;
    found.push(shown(trade, reader.receivedAt));
    const needed = Math.max(after.decimals, trade.decimals);
    const isExact = trade.price * powerOfTen(needed - trade.decimals) <= Number.MAX_SAFE_INTEGER;
    after = { id: trade.lastId, time: trade.time, decimals: isExact ? needed : after.decimals };
    counts.single++;
  }
}

/** The same without blocks. */
export function readSingly(reader: TradeReader): string[] {
  const found: string[] = [];
  for (let read = reader.next(); read !== null; read = reader.next()) {
    found.push(read === "trade" ? shown(reader.trade, reader.receivedAt) : `${read} ${reader.reason}`);
  }
  return found;
}
