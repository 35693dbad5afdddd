/** Halts and releases that other processes file for a run, and checks of their outcomes. */
import { assert } from "@std/assert";
import type { Random } from "../../src/simulator/random.ts";
import { isoTime } from "../../src/domain/numbers/time.ts";
import { NotHalted, releaseHalt } from "../../src/stores/journal/halt_release.ts";
import { AlreadyHalted, haltRun } from "../../src/stores/journal/run_halt.ts";
import type { Entry } from "../../src/stores/journal/journal_entry.ts";
import { JournalError } from "../../src/stores/journal/journal_error.ts";
import { JournalReader } from "../../src/stores/journal/journal_reader.ts";
import { progressIn } from "./day_checks.ts";
import type { SimulatedProcess, World } from "./simulated_process.ts";

/** A release written to the journal while no process held it. The run continues without its halt after this trade. */
export interface Released {
  readonly afterId: number;
  /** µs. */
  readonly time: number;
}

/** A filed halt, with the fields that its entry will have. */
interface FiledHalt {
  readonly requested: string;
  readonly action: "hold" | "flatten";
  /** The journal's last entry then. */
  readonly afterSeq: number;
  /** Later releases may have ended another halt, or withdrawn this one. */
  isWithdrawn: boolean;
}

const NEVER = new AbortController().signal;

/** The requests of other processes to the run in one day. */
export class Requests {
  readonly releases: Released[] = [];
  readonly #world: World;
  readonly #random: Random;
  readonly #halts: FiledHalt[] = [];

  constructor(world: World, random: Random) {
    this.#world = world;
    this.#random = random;
  }

  /** Files something for the run in the journal at `path`, which `process` may have open. Returns the outcome. */
  async file(path: string, process: SimulatedProcess | null): Promise<string> {
    const time = Math.floor(this.#world.wallClock()) * 1_000;
    const isOpen = process !== null && process.openSince !== null;
    // With more halts than releases a run would be halted for most of the day. A halt may wait for the next start.
    try {
      if (this.#random.below(5) < (isOpen ? 3 : 1)) return await this.#release(path, time, isOpen);
      return await this.#halt(path, time, isOpen);
    } catch (error) {
      if (error instanceof AlreadyHalted || error instanceof NotHalted) return "needless request";
      // There is no run in it yet.
      if (error instanceof JournalError && /holds no run yet/.test(error.message)) return "needless request";
      throw error;
    } finally {
      process?.disk.sync();
    }
  }

  async #halt(path: string, time: number, isOpen: boolean): Promise<string> {
    const afterSeq = await lastSeqIn(path);
    const action = this.#random.below(2) === 0 ? "hold" : "flatten";
    const how = await haltRun(path, { action, time, text: null }, { waitMs: 0, signal: NEVER });
    if (isOpen) assert(how === "filed", `a halt of a live run is ${how}`);
    this.#halts.push({ requested: isoTime(time), action, afterSeq, isWithdrawn: false });
    return `halt ${how}`;
  }

  async #release(path: string, time: number, isOpen: boolean): Promise<string> {
    const { how } = await releaseHalt(path, { time, text: "simulated" }, { waitMs: 0, signal: NEVER });
    if (isOpen) assert(how === "filed", `a release of a live run is ${how}`);
    if (how === "withdrawn") { for (const halt of this.#halts) halt.isWithdrawn = true; }
    if (how === "here" || how === "next") {
      this.releases.push({ afterId: (await progressIn(path)).from, time });
    }
    return `release ${how}`;
  }

  /** Checks that none was lost: each filed halt is an entry, or one as strict was in force when it was handled. */
  assertDone(entries: readonly Entry[], waiting: number): void {
    assert(waiting === 0, `${waiting} requests still wait at the end of the day`);
    const earlier = new Set<unknown>([undefined]);
    for (const { requested, action, afterSeq, isWithdrawn } of this.#halts) {
      const after = entries.filter(({ type, seq }) =>
        seq > afterSeq && (type === "halt" || type === "released")
      );
      // Handled in the order of filing: once the one before was in force, this one changed nothing.
      const isOvertaken = after.some(({ type, content }) =>
        type === "halt" && (action === "hold" || content["action"] === "flatten") &&
        earlier.has(content["requested"])
      );
      const isDone = after.some(({ content }) => content["requested"] === requested);
      assert(isWithdrawn || isDone || isOvertaken, `the halt (${action}) of ${requested} is lost`);
      earlier.add(requested);
    }
  }
}

async function lastSeqIn(path: string): Promise<number> {
  await using reader = await JournalReader.open(path);
  return await reader.lastSeq();
}
