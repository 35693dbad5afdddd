/** Blocks made by hand, and what stages made of them, trade by trade. */
import { type Block, type SignalledBlock } from "../../src/domain/market/block.ts";
import { tickAt, TradeBlock } from "../../src/domain/market/trade_block.ts";
import type { Filled, Signalled, Tick } from "../../src/domain/market/tick.ts";
import type { PaperFills } from "../../src/stages/fill.ts";
import type { RiskGate } from "../../src/stages/risk.ts";
import { type Judged, type Piece, RiskStage } from "../../src/stages/risk_stage.ts";

/** Every trade of the blocks as its own tick. */
export function* ticksIn(blocks: Iterable<Block>): Generator<Tick> {
  for (const block of blocks) for (let row = 0; row < block.size; row++) yield tickAt(block, row);
}

/**
 * Blocks of at most `rows` of these ticks, with their signals, if any. A tick that does not fit into a block
 * starts another one.
 */
export function* blocksOf(ticks: Iterable<Tick | Signalled>, rows = 1): Generator<SignalledBlock> {
  let block: TradeBlock | null = null;
  for (const tick of ticks) {
    const isNext = block !== null && block.size < rows && tick.missing === 0 && tick.filled === 0 &&
      tick.decimals === block.decimals && tick.late === block.late &&
      tick.firstId === block.id[block.size - 1]! + 1;
    if (block !== null && !isNext) yield block;
    if (block === null || !isNext) {
      block = new TradeBlock(tick.symbol, null, rows);
      block.take(tick);
    } else block.add({ ...tick, lastId: tick.id }, tick.price, tick.receivedAt);
    if ("signal" in tick && tick.signal !== null) {
      block.signals.push(tick.signal);
      block.signalRows.push(block.size - 1);
    }
    if (block.size === rows) {
      yield block;
      block = null;
    }
  }
  if (block !== null) yield block;
}

const COLUMNS = [
  ...["id", "time", "price", "quantityWhole", "quantityFraction", "buyerIsMaker", "receivedAt"] as const,
];

/** A new block, which is not filled again. */
export function copyOf(block: SignalledBlock): SignalledBlock {
  const copy = new TradeBlock(block.symbol, null, block.size);
  copy.open(block.firstId, block.decimals, block.late);
  copy.size = block.size;
  copy.missing = block.missing;
  copy.filled = block.filled;
  for (const name of COLUMNS) {
    copy[name].set(block[name].subarray(0, block.size));
  }
  copy.targets.set(block.targets.subarray(0, block.size));
  copy.signals.push(...block.signals);
  copy.signalRows.push(...block.signalRows);
  return copy;
}

/** The trades after the risk stage, each alone, with its decisions if something is due at it. */
export function* judged(gate: RiskGate, ticks: Iterable<Signalled>): Generator<Judged> {
  for (const piece of new RiskStage(gate).over(blocksOf(ticks))) yield lastOf(piece, { decisions: null });
}

/** The trades after the fill stage, each alone, with what became of its orders. */
export function* filled(fills: PaperFills, gate: RiskGate, ticks: Iterable<Signalled>): Generator<Filled> {
  for (const piece of fills.over(new RiskStage(gate).over(blocksOf(ticks)))) {
    yield lastOf(piece, { outcomes: [] });
  }
}

function lastOf<Due extends Signalled>(
  { block, to, due }: Piece<Due>,
  none: Omit<Due, keyof Signalled>,
): Due {
  return due ?? { ...tickAt(block, to - 1), signal: null, ...none } as unknown as Due;
}
