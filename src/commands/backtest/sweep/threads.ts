/**
 * The threads of a sweep. They load their modules while the sweep examines its files, and serve one pass after another.
 */

/** Threads that wait for lanes. */
export class Threads implements Disposable {
  readonly #idle: Worker[] = [];
  /** Why some of them could not start. */
  readonly #failures = new Map<Worker, string>();

  /** Starts this many; `take` starts more if they are needed. */
  constructor(count = 0) {
    for (let at = 0; at < count; at++) this.#idle.push(this.#start());
  }

  /** Hands a thread to a new owner, which sets its handlers; `failure` is null unless it could not start. */
  take(): { readonly worker: Worker; readonly failure: string | null } {
    const worker = this.#idle.pop() ?? this.#start();
    return { worker, failure: this.#failures.get(worker) ?? null };
  }

  /** Takes back a thread that has answered everything. */
  giveBack(worker: Worker): void {
    this.#watch(worker);
    this.#idle.push(worker);
  }

  /** Ends the threads without an owner. */
  [Symbol.dispose](): void {
    for (const worker of this.#idle.splice(0)) worker.terminate();
  }

  #start(): Worker {
    const worker = new Worker(new URL("./sweep_worker.ts", import.meta.url), { type: "module" });
    this.#watch(worker);
    return worker;
  }

  #watch(worker: Worker): void {
    worker.onmessage = null;
    worker.onerror = (event) => {
      event.preventDefault();
      this.#failures.set(worker, event.message);
    };
  }
}
