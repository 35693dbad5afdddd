/** A thread of a sweep: computes some lanes over the batches that it is sent, in the order in which it is sent them. */
import type { FoldResult } from "../../../stages/sweep/fold_result.ts";
import { BatchMemory } from "./block_batch.ts";
import { type FromWorker, type LaneStep, rulesIn, type ToWorker } from "./lane_message.ts";
import { Lanes } from "./team.ts";

/** What this thread shares with the one that started it. */
const thread = globalThis as unknown as {
  onmessage: (event: MessageEvent<ToWorker>) => void;
  postMessage: (message: FromWorker) => void;
};

let own: Lanes | null = null;
let symbol = "";

thread.onmessage = async ({ data }) => {
  try {
    if ("lanes" in data) {
      own = await Lanes.of(data.lanes, data.configurations);
      thread.postMessage({ is: "ready" });
      return;
    }
    const memory = new BatchMemory(data.memory);
    const closed: FoldResult[][] = [];
    for (const step of data.steps) {
      if (step.do === "close") closed.push(own!.close(step.fold, step.use, step.trades));
      else take(own!, step, memory);
    }
    thread.postMessage({ is: "done", batch: data.batch, closed });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    thread.postMessage({ is: "failed", lane: own?.lanes.current ?? 0, message });
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
