/** A live run in the test's process whose intervals fire when the test lets them. */
import { run } from "../../src/commands/run.ts";
import type { Started } from "../../src/config/command.ts";
import { configure } from "../../src/config/config.ts";
import type { PenstockEvent } from "../../src/domain/run/event.ts";
import { within } from "../support/penstock.ts";
import { given, inScene, type Options, WitnessView } from "./live_scene.ts";

/** Intervals that fire only when a test lets them. */
export class HandIntervals implements Disposable {
  readonly #callbacks = new Map<number, { readonly callback: () => void; readonly ms: number }>();
  readonly #set = globalThis.setInterval;
  readonly #clear = globalThis.clearInterval;
  #last = 0;

  constructor() {
    globalThis.setInterval = ((callback: () => void, ms: number) => {
      this.#callbacks.set(++this.#last, { callback, ms });
      return this.#last;
    }) as unknown as typeof setInterval;
    globalThis.clearInterval = (id) => void this.#callbacks.delete(Number(id));
  }

  /** How many are not cleared yet. */
  get count(): number {
    return this.#callbacks.size;
  }

  /** How many of this length are not cleared yet. */
  of(length: number): number {
    return [...this.#callbacks.values()].filter(({ ms }) => ms === length).length;
  }

  /** Fires those of this length. */
  pass(ms: number): void {
    for (const each of this.#callbacks.values()) if (each.ms === ms) each.callback();
  }

  [Symbol.dispose](): void {
    globalThis.setInterval = this.#set;
    globalThis.clearInterval = this.#clear;
  }
}

/** The WebSockets opened meanwhile. Disposing it closes them and everything that watches them. */
class OwnSockets implements AsyncDisposable {
  readonly #closed: Promise<unknown>[] = [];
  readonly #before = globalThis.WebSocketStream;

  constructor() {
    const closed = this.#closed;
    globalThis.WebSocketStream = class extends this.#before {
      constructor(...args: ConstructorParameters<typeof WebSocketStream>) {
        super(...args);
        closed.push(this.closed);
      }
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    globalThis.WebSocketStream = this.#before;
    await Promise.allSettled(this.#closed);
    // The runtime starts its own timer after every close, which is due at once.
    await new Promise((resolve) => setTimeout(resolve));
  }
}

/** Calls `use`, which closes its exchange, with a folder that is removed afterwards. */
export function inRun(use: (folder: string) => Promise<void>): () => Promise<void> {
  return inScene(async (folder) => {
    await using _sockets = new OwnSockets();
    await use(folder);
  });
}

/** A run, what it shows, and its end. */
export class RunHere implements Disposable {
  readonly view = new WitnessView();
  readonly intervals = new HandIntervals();
  readonly asked = new AbortController();
  /** Settles with the run; an error is a value until a test asks for it. */
  readonly #ended: Promise<unknown>;

  constructor(options: Options, view: Partial<WitnessView> = {}) {
    Object.defineProperties(this.view, Object.getOwnPropertyDescriptors(view));
    const started: Started = {
      ...configure(given({ backfill: "off", lot: "0.00001", tick: "0.01", ...options }), [], "run"),
      ...{ command: "run", version: "1", files: [] },
      signal: this.asked.signal,
      blocking: (work) => work(),
    };
    // The permissions of this process are needed for what comes after.
    const dropPermissions = () => Promise.resolve({ level: "info", text: "none is dropped" } as const);
    this.#ended = run(started, { views: [() => this.view], dropPermissions })
      .then(() => null, (error) => error);
  }

  /** Waits until `isSo` is true after an event. */
  async until(what: string, isSo: () => boolean): Promise<void> {
    const found = Promise.withResolvers<void>();
    const look = (): void => {
      if (isSo()) found.resolve();
    };
    this.view.onEvent = look;
    look();
    void this.#ended.then((error) => found.reject(error ?? new Error(`the run ended before ${what}`)));
    await within(found.promise, what);
  }

  /** Waits for an event of this type. */
  async shown(type: PenstockEvent["type"]): Promise<void> {
    await this.until(type, () => this.view.events.some((event) => event.type === type));
  }

  /** Waits for the end; throws the error that ended the run. */
  async end(): Promise<void> {
    const error = await within(this.#ended, "the end of the run");
    if (error !== null) throw error;
  }

  [Symbol.dispose](): void {
    this.asked.abort();
    this.intervals[Symbol.dispose]();
  }
}
