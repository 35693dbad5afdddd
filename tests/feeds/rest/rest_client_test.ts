import { assertEquals, assertInstanceOf } from "@std/assert";
import { exchangeNamed } from "../../../src/exchanges/known_exchanges.ts";
import { RestBudget } from "../../../src/feeds/rest/rest_budget.ts";
import { RestClient, type RestClock, RestFailure } from "../../../src/feeds/rest/rest_client.ts";
import type { RestQuestion } from "../../../src/exchanges/rest_question.ts";
import type { RawServer } from "../raw_server.ts";
import { answering, NEVER, PassingClock, restOf } from "../backfill_run.ts";

/** So long that no request to a server in this process takes it, however busy the machine is. */
const DEADLINE_MS = 600_000;

/** The answer of a server, or why there is none, within ten minutes by `clock`. */
async function got(server: RawServer, clock: RestClock): Promise<unknown> {
  const client = new RestClient({
    ...{ exchange: exchangeNamed("binance"), budget: new RestBudget({ perMinute: 6_000 }), clock },
    ...{ requestMs: DEADLINE_MS, signal: NEVER, random: () => 0.5 },
  });
  const question: RestQuestion<unknown> = {
    base: restOf(server),
    path: "/",
    weight: 1,
    read: (json) => json,
  };
  try {
    return await client.get(question, DEADLINE_MS);
  } catch (error) {
    assertInstanceOf(error, RestFailure);
    return error.why;
  }
}

/** The times of timers set while `use` ran, ms. */
async function timersOf(use: () => Promise<void>): Promise<unknown[]> {
  const { setTimeout: plain } = globalThis;
  const asked: unknown[] = [];
  globalThis.setTimeout = ((...args: Parameters<typeof plain>) => {
    asked.push(args[1]);
    return plain(...args);
  }) as typeof plain;
  try {
    await use();
  } finally {
    globalThis.setTimeout = plain;
  }
  return asked;
}

Deno.test("get() never sets a negative time, which the runtime warns about, wherever a busy machine delays it", async () => {
  await using server = answering(() => ({ body: "1" }));
  const answers = new Set<unknown>();
  for (let looks = 1; answers.size < 2; looks++) {
    // The time is over from this reading of the clock on.
    let left = looks;
    const clock = { now: () => --left > 0 ? 0 : DEADLINE_MS + 1, pause: () => Promise.resolve() };
    const asked = await timersOf(async () => void answers.add(await got(server, clock)));
    assertEquals(asked.filter((ms) => Number(ms) < 0), [], `held up before look ${looks}`);
  }
  assertEquals([...answers], ["deadline", 1]);
});

Deno.test("get() makes no request if its time runs out while it waits", async () => {
  await using server = answering(() => ({ status: 503 }));
  const clock = new PassingClock(0);
  const late: RestClock = {
    now: () => clock.now(),
    pause: (_ms, signal) => clock.pause(DEADLINE_MS, signal),
  };
  // The reported trouble is the exchange's answer, not the lack of one.
  assertEquals([await got(server, late), server.visits.length], ["unreachable", 1]);
  assertEquals(clock.pauses, [DEADLINE_MS]);
});
