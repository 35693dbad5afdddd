/** An exchange's REST side that keeps a run waiting. */

/** The REST side of an exchange, which answers requests for `what` only once it is allowed to. */
export class SlowRest implements AsyncDisposable {
  readonly endpoint: string;
  /** Resolves when the first such request arrives. */
  readonly asked = Promise.withResolvers<void>();
  readonly answering = Promise.withResolvers<void>();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor(restEndpoint: string, what: string) {
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async ({ url }) => {
      const { pathname, search } = new URL(url);
      if (pathname.endsWith(what)) {
        this.asked.resolve();
        await this.answering.promise;
      }
      return await fetch(restEndpoint + pathname + search);
    });
    this.endpoint = `http://127.0.0.1:${this.#server.addr.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.answering.resolve();
    await this.#server.shutdown();
  }
}
