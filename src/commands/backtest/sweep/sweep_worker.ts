/** A thread of a sweep: computes some lanes over the batches that it receives, in order. */
import { getHeapStatistics } from "node:v8";
import type { FoldResult } from "../../../stages/sweep/fold_result.ts";
import { LaneWork } from "../../../stages/sweep/lane_work.ts";
import { BatchMemory } from "./block_batch.ts";
import { type FromWorker, type LaneStep, rulesIn, type ToWorker } from "./lane_message.ts";
import { Lanes } from "./team.ts";

/** What this thread shares with the one that started it. */
const thread = globalThis as unknown as {
  onmessage: (event: MessageEvent<ToWorker>) => void;
  postMessage: (message: FromWorker) => void;
  close: () => void;
};

const MEGABYTE = 2 ** 20;
/** The share of its memory at which a thread is full. */
const FULL = 0.9;

let own: Lanes | null = null;
let symbol = "";
/** When the thread uses more memory than this, it fails while it can still report that. */
let megabytes = getHeapStatistics().heap_size_limit / MEGABYTE * FULL;

// Otherwise a user's strategy could end the thread without notice.
thread.close = () => {
  throw new Error("close() is not available to a strategy");
};

thread.onmessage = async ({ data }) => {
  const answer = (message: FromWorker): void => thread.postMessage(message);
  try {
    if ("lanes" in data) {
      megabytes = data.megabytes ?? megabytes;
      // Frees the lanes of the previous pass before the new ones are made.
      own = null;
      own = await Lanes.of(data.lanes, new LaneWork(data.work), data.configurations);
      return answer({ is: "ready" });
    }
    const memory = new BatchMemory(data.memory);
    const closed: FoldResult[][] = [];
    for (const step of data.steps) {
      if (step.do === "close") closed.push(own!.close(step.fold, step.use, step.trades));
      else take(own!, step, memory);
    }
    const used = getHeapStatistics().used_heap_size / MEGABYTE;
    if (used > megabytes) throw new RangeError(`its thread needs more than ${Math.floor(megabytes)} MB`);
    answer({ is: "done", batch: data.batch, closed });
  } catch (error) {
    answer({ is: "failed", message: error instanceof Error ? error.message : String(error) });
  }
};

function take({ lanes }: Lanes, step: Exclude<LaneStep, { do: "close" }>, memory: BatchMemory): void {
  switch (step.do) {
    case "block":
      lanes.take(memory.block(symbol, step.block), step.before);
      break;
    case "trade":
      symbol = step.symbol;
      lanes.trade(step.symbol, rulesIn(step.rules));
      break;
    case "lost":
      lanes.lost = step.lost;
      break;
    case "halt":
      lanes.halt(step.action, step.tradeId);
      break;
    case "release":
      lanes.release(step.tradeId);
      break;
    case "await-rules":
      lanes.awaitRules(step.symbol, step.awaitsRules);
      break;
    case "rules":
      lanes.takeRules(step.symbol, rulesIn(step.rules));
      break;
    case "open":
      lanes.open(step.fold);
  }
}
