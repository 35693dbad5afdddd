/** The built-in exchange with an exchangeInfo that a test can change during a run. */
import type { RestAnswer } from "../../src/simulator/rest.ts";
import { BuiltInExchange, type ExchangeOptions } from "../../src/simulator/server.ts";

/** An exchange whose exchangeInfo can change at any time, with a list of its REST requests. */
export class ChangingExchange implements AsyncDisposable {
  readonly asked: string[] = [];
  /** Filters by the names of exchangeInfo's fields. */
  filters: Record<string, Record<string, unknown>> = {};
  status = "TRADING";
  /** More fields of the symbol, by name. */
  fields: Record<string, unknown> = {};
  /** Replaces the whole answer. */
  answer: RestAnswer | null = null;
  readonly exchange: BuiltInExchange;

  constructor(options: ExchangeOptions = {}) {
    this.exchange = BuiltInExchange.listen({
      ...{ rate: 1_000, seed: 3, ...options },
      onRest: (url, answer) => {
        this.asked.push(url.pathname.replace("/api/v3/", "") + url.search);
        return url.pathname.endsWith("exchangeInfo") ? this.answer ?? this.#changed(answer) : answer;
      },
    });
  }

  /** The arguments that point a run to it. */
  get args(): string[] {
    return ["--endpoint", this.exchange.endpoint, "--rest-endpoint", this.exchange.restEndpoint];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.exchange.close();
  }

  #changed(answer: RestAnswer): RestAnswer {
    if (answer.status !== 200) return answer;
    const body = JSON.parse(answer.body);
    Object.assign(body.symbols[0], { status: this.status }, this.fields);
    for (const filter of body.symbols[0].filters) Object.assign(filter, this.filters[filter.filterType]);
    return { ...answer, body: JSON.stringify(body) };
  }
}
