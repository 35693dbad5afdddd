/** A live run in words. */
import type { Money } from "../../domain/numbers/money.ts";
import type { PenstockEvent } from "../../domain/run/event.ts";
import type { Glance, Line } from "../view.ts";
import { type NamedAssets, namedAssets } from "./assets.ts";
import { HaltedSignals } from "./halted_signals.ts";
import { statusLine } from "./status_line.ts";
import { summaryTable } from "./summary_table.ts";
import type { Words } from "./terminal_view.ts";

/** Gives every event a log line, the state a live line, and the summary a table. */
export class RunNarration implements Words {
  readonly showsAll = true;
  table = "";
  readonly #cash: Money;
  readonly #signals = new HaltedSignals();
  /** The exchange's names for the assets; null until they are known. */
  #assets: NamedAssets | null = null;

  /** `cash` is what the account started with, quote currency. */
  constructor(cash: Money) {
    this.#cash = cash;
  }

  lines(event: PenstockEvent): Iterable<Line> {
    if (event.type === "started") this.#assets = namedAssets(event.config["instrument"]);
    else if (event.type === "rules") this.#assets = namedAssets(event.instrument);
    else if (event.type === "summary") this.table = `${summaryTable(event, this.#cash, this.#assets)}\n`;
    return this.#signals.lines(event, this.#assets);
  }

  settle(): Iterable<Line> {
    return this.#signals.settle(this.#assets);
  }

  glance(glance: Glance, width: number): string {
    if (glance.of !== "run") return "";
    return statusLine(glance.run, { ...glance.stream, assets: this.#assets }, width);
  }

  loggedGlance(): null {
    return null;
  }
}
