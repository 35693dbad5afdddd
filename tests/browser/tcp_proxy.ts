/** A proxy between a browser and a server, which a test can cut. */

/** Passes bytes on, both ways, from a free port of loopback to another port. */
export class TcpProxy implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #target: number;
  readonly #open = new Set<Deno.Conn>();
  readonly #tasks = new Set<Promise<void>>();
  #isCut = false;

  constructor(target: number) {
    this.#target = target;
    this.#track(this.#accept());
  }

  get port(): number {
    return (this.#listener.addr as Deno.NetAddr).port;
  }

  /** Ends all connections, and refuses others until `mend`. */
  cut(): void {
    this.#isCut = true;
    for (const conn of this.#open) close(conn);
  }

  /** Passes on again. */
  mend(): void {
    this.#isCut = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.#listener.close();
    await Promise.all(this.#tasks);
  }

  async #accept(): Promise<void> {
    try {
      for await (const from of this.#listener) {
        if (this.#isCut) from.close();
        else this.#track(this.#pass(from));
      }
    } catch {
      // The listener is closed.
    }
  }

  async #pass(from: Deno.Conn): Promise<void> {
    const to = await Deno.connect({ hostname: "127.0.0.1", port: this.#target });
    for (const conn of [from, to]) this.#open.add(conn);
    const ways = [from.readable.pipeTo(to.writable), to.readable.pipeTo(from.writable)];
    await Promise.allSettled(ways);
    for (const conn of [from, to]) {
      this.#open.delete(conn);
      close(conn);
    }
  }

  #track(task: Promise<void>): void {
    this.#tasks.add(task);
    task.finally(() => this.#tasks.delete(task));
  }
}

function close(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // It is closed already.
  }
}
