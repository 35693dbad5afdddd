import { assertGreater } from "@std/assert";
import fc from "fast-check";
import { Pipeline } from "../../src/stages/pipeline.ts";
import { released } from "../../src/stages/pipeline_snapshot.ts";
import { guardedScenario } from "../support/guarded_scenario.ts";
import { KeptRun } from "../support/kept_run.ts";
import { DEFAULTS, messageOf, optionsOf, reading } from "../support/pipeline_input.ts";
import { assertEquals } from "../support/equals.ts";

const TIME = 1_723_161_255_342_000;
const ASKED = { text: "looked at it", requested: TIME - 5 };

Deno.test("Pipeline.release() leaves an active run in the state in which a release leaves a stopped one", () => {
  let releases = 0;
  let fills = 0;
  fc.assert(
    fc.property(guardedScenario, fc.integer({ min: 1, max: 30 }), ({ choices, messages }, length) => {
      const live = new Pipeline(optionsOf(choices));
      let other = new Pipeline(optionsOf(choices));
      const kept = new KeptRun();
      for (let at = 0; at < messages.length; at += length) {
        const part = messages.slice(at, at + length);
        const events = [...live.run(reading(part))];
        assertEquals([...other.run(reading(part))], events);
        fills += events.filter(({ type }) => type === "fill").length;
        kept.take(other);
        if (live.current.halt === null) continue;
        const [printed, ...more] = live.release(TIME, ASKED);
        assertEquals([printed?.type, more.length, live.current.halt], ["released", 0, null]);
        other = new Pipeline(optionsOf(choices));
        other.restore(released(kept.state), kept.closes(choices.long), kept.changes);
        // Not the drawdown: a restore estimates it again, and the last bits differ.
        assertEquals(stateOf(live), stateOf(other));
        releases++;
      }
      assertEquals([...live.end()], [...other.end()]);
    }),
    { numRuns: 500 },
  );
  assertGreater(releases, 100);
  assertGreater(fills, 300);
});

/** Gate and account, with every waiting order: how many of them a snapshot leaves to changes depends on what was stored. */
function stateOf(pipeline: Pipeline): unknown {
  const { gate, account } = pipeline.snapshot();
  return { gate: { ...gate, waiting: pipeline.orders.whole }, account };
}

Deno.test("Pipeline.release() says who ended which halt and why, and nothing if there is none", () => {
  const pipeline = new Pipeline(optionsOf(DEFAULTS));
  assertEquals([...pipeline.release(TIME, ASKED)], []);
  [...pipeline.run(reading([messageOf({ firstId: 7, lastId: 7, time: TIME, price: "100" })]))];
  const halted = [...pipeline.halt("flatten", TIME, { requested: TIME })];
  assertEquals(halted, [{
    ...{ type: "halt", time: "2024-08-08T23:54:15.342000Z", symbol: "BTCUSDT", reason: "manual" },
    ...{ limit: "released", value: "halted", tradeId: 7, action: "flatten" },
    requested: "2024-08-08T23:54:15.342000Z",
  }]);
  assertEquals([...pipeline.halt("hold", TIME, { requested: TIME })], []);
  assertEquals([...pipeline.release(TIME, ASKED)], [{
    ...{
      type: "released",
      time: "2024-08-08T23:54:15.342000Z",
      symbol: "BTCUSDT",
      reason: "manual",
      tradeId: 7,
    },
    ...{ text: "looked at it", requested: "2024-08-08T23:54:15.341995Z" },
  }]);
  assertEquals([...pipeline.release(TIME, ASKED)], []);
});
