/** A run resumes only on the market where it started. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { BuiltInExchange } from "../../src/simulator/server.ts";
import { inFolder } from "../stores/sample_journal.ts";
import type { Finished } from "../support/penstock.ts";
import { startHere } from "../support/program_here.ts";
import { wholeEntries } from "./reference_run.ts";

async function finished(folder: string, ...args: readonly string[]): Promise<Finished> {
  await using program = startHere([...args, "--stop-after=60", "--state", `${folder}/run.db`]);
  return await program.finished();
}

const DEMO = ["demo", "--rate=500"];

Deno.test("penstock demo resumes its run at another port, and penstock run refuses to", () =>
  inFolder(async (folder) => {
    for (const said of ["summary", "resumes after 60 trades"]) {
      const { code, stderr, stdout } = await finished(folder, ...DEMO);
      assertEquals(code, 0, stderr);
      assertStringIncludes(`${stderr}\n${stdout}\nsummary`, said);
    }
    const markets = (await wholeEntries(`${folder}/run.db`)).filter(({ content }) => "market" in content);
    assertEquals(markets.map(({ type, content }) => [type, content["market"]]), [
      ["started", "built-in exchange"],
      ["resumed", "built-in exchange"],
    ]);
    await using exchange = BuiltInExchange.listen();
    for (
      const [args, market] of [
        [["run", "--offline-instruments"], "binance"],
        [["run", "--offline-instruments", "--endpoint=wss://data-stream.binance.vision:443"], "binance"],
        [["run", "--endpoint", exchange.endpoint], exchange.endpoint],
      ] as const
    ) {
      const { code, stdout, stderr } = await finished(folder, ...args);
      assertEquals([code, stdout], [2, ""], stderr);
      assertStringIncludes(
        stderr,
        `trades on the built-in exchange (penstock demo) and cannot resume with ${market}: `,
      );
      assertStringIncludes(stderr, "give another --state, or --new-run");
    }
  }));

Deno.test("penstock run resumes only at the address that it started with", () =>
  inFolder(async (folder) => {
    await using exchange = BuiltInExchange.listen({ rate: 500 });
    await using other = BuiltInExchange.listen({ rate: 500 });
    const run = (endpoint: string, ...args: string[]) =>
      finished(folder, "run", "--endpoint", endpoint, ...args);
    assertEquals((await run(exchange.endpoint)).code, 0);
    assertEquals((await run(exchange.endpoint)).code, 0);
    const { code, stderr } = await run(other.endpoint);
    assertEquals(code, 2);
    assertStringIncludes(stderr, `trades on ${exchange.endpoint} and cannot resume with ${other.endpoint}`);
    const demo = await finished(folder, ...DEMO);
    assertEquals(demo.code, 2);
    assertStringIncludes(demo.stderr, `cannot resume with the built-in exchange (penstock demo)`);
    // One exchange's rules are not remembered for another.
    const fresh = await run(other.endpoint, "--new-run");
    assertEquals(fresh.code, 0, fresh.stderr);
    const { content } = (await wholeEntries(`${folder}/run.db`)).findLast(({ type }) => type === "started")!;
    assertEquals(content["market"], other.endpoint);
  }));
