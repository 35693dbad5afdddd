/** A proxy on loopback that cuts or holds back connections, as a network does. */

/** When a connection is cut: before the server gets what was sent, or before the client gets the answer. */
export type CutAt = "request" | "answer";

/** A proxy to a port of this machine. */
export class CuttingProxy implements AsyncDisposable {
  readonly port: number;
  readonly #listener: Deno.TcpListener;
  readonly #to: number;
  readonly #open = new Set<Deno.TcpConn>();
  readonly #tasks = new Set<Promise<void>>();
  #held: PromiseWithResolvers<void> | null = null;
  /** How many more pieces the client may send before the cut; null for no cut. */
  #left: number | null = null;
  #at: CutAt = "request";
  /** How many connections were cut. */
  cuts = 0;

  static to(port: number): CuttingProxy {
    return new CuttingProxy(port);
  }

  private constructor(to: number) {
    this.#to = to;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.port = this.#listener.addr.port;
    this.#keep(this.#accept());
  }

  /** Cuts the connection once its client has sent so many more pieces; one statement is one or two. */
  cutAfter(pieces: number, at: CutAt): void {
    [this.#left, this.#at] = [pieces, at];
  }

  /** Cuts all connections now. New ones are let through. */
  cut(): void {
    for (const connection of this.#open) close(connection);
    this.#open.clear();
  }

  /** From here on nothing passes, and no connection ends, as with a cable that was pulled. */
  hold(): void {
    this.#held ??= Promise.withResolvers<void>();
  }

  /** Everything that was held back passes. */
  release(): void {
    this.#held?.resolve();
    this.#held = null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.release();
    this.cut();
    await Promise.all(this.#tasks);
  }

  #keep(task: Promise<void>): void {
    const kept = task.catch(() => {}).finally(() => this.#tasks.delete(kept));
    this.#tasks.add(kept);
  }

  async #accept(): Promise<void> {
    for await (const client of this.#listener) {
      this.#open.add(client);
      this.#keep(this.#serve(client));
    }
  }

  async #serve(client: Deno.TcpConn): Promise<void> {
    await this.#held?.promise;
    const server = await Deno.connect({ hostname: "127.0.0.1", port: this.#to });
    if (!this.#open.has(client)) return close(server);
    this.#open.add(server);
    for (const connection of [client, server]) connection.setNoDelay();
    let isCut = false;
    const cut = (): void => {
      if (!isCut) this.cuts++;
      isCut = true;
      for (const connection of [client, server]) {
        this.#open.delete(connection);
        close(connection);
      }
    };
    const sent = (async () => {
      for (const bytes = new Uint8Array(65_536);;) {
        const count = await client.read(bytes);
        if (count === null) break;
        await this.#held?.promise;
        const isLast = this.#left !== null && --this.#left < 0;
        if (isLast) this.#left = null;
        if (isLast && this.#at === "request") return cut();
        // What comes back from here on is the answer.
        if (isLast) isCut = true;
        await writeAll(server, bytes.subarray(0, count));
      }
    })();
    const answered = (async () => {
      for (const bytes = new Uint8Array(65_536);;) {
        const count = await server.read(bytes);
        if (count === null) break;
        await this.#held?.promise;
        if (isCut) {
          this.cuts++;
          return cut();
        }
        await writeAll(client, bytes.subarray(0, count));
      }
    })();
    await Promise.race([sent, answered]).catch(() => {});
    for (const connection of [client, server]) {
      this.#open.delete(connection);
      close(connection);
    }
    await Promise.allSettled([sent, answered]);
  }
}

async function writeAll(connection: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

function close(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // It is closed already.
  }
}
