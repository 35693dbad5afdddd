import { assertEquals, assertRejects } from "@std/assert";
import { loggedIfSlow } from "../../src/commands/run/slow_fetch.ts";
import type { Line } from "../../src/views/view.ts";

const GAP = { fromId: 7, toId: 11 };

Deno.test("loggedIfSlow() logs once that trades are still being fetched, and returns the result", async () => {
  const printed: Line[] = [];
  const { promise, resolve } = Promise.withResolvers<string>();
  const log = (line: Line): void => {
    printed.push(line);
    resolve("all");
  };
  assertEquals(await loggedIfSlow(GAP, promise, log, globalThis, 1), "all");
  const text = "5 missed trades (7 to 11) are still being fetched; until then nothing is traded";
  assertEquals(printed, [{ level: "info", text }]);
});

Deno.test("loggedIfSlow() logs nothing if a fetch settles in time, and leaves no timer", async () => {
  const log = (): never => {
    throw new Error("logged");
  };
  assertEquals(await loggedIfSlow(GAP, Promise.resolve(3), log), 3);
  await assertRejects(() => loggedIfSlow(GAP, Promise.reject(new RangeError("no")), log), RangeError, "no");
});
