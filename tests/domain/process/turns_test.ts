/** Asynchronous work that runs in turn. */
import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { Turns } from "../../../src/domain/process/turns.ts";

Deno.test("Turns.take() starts at once if nothing is running, and otherwise in the order of the calls", async () => {
  const turns = new Turns();
  const done: string[] = [];
  const first = Promise.withResolvers<void>();
  const taken = turns.take(async () => {
    done.push("first starts");
    await first.promise;
    done.push("first ends");
    return 1;
  });
  assertEquals([done, turns.isFree], [["first starts"], false]);
  const second = turns.take(() => Promise.resolve(done.push("second")));
  const third = turns.take(() => Promise.resolve(done.push("third")));
  await Promise.resolve();
  assertEquals(done, ["first starts"]);
  first.resolve();
  assertEquals([await taken, await second, await third], [1, 3, 4]);
  assertEquals(done, ["first starts", "first ends", "second", "third"]);
});

Deno.test("Turns.take() runs the next piece after one that failed, and Turns is free at the end", async () => {
  const turns = new Turns();
  const failed = turns.take(() => Promise.reject(new Error("no")));
  const next = turns.take(() => Promise.resolve("next"));
  await assertRejects(() => failed, Error, "no");
  assertEquals(await next, "next");
  // It is free once all promises have settled.
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(turns.isFree, true);
});

Deno.test("Turns.take() never runs two pieces at once, however long each takes and whenever it is added", async () => {
  const anyWork = fc.record({ waits: fc.nat(3), fails: fc.boolean(), comesLater: fc.boolean() });
  await fc.assert(fc.asyncProperty(fc.array(anyWork, { maxLength: 20 }), async (works) => {
    const turns = new Turns();
    const order: number[] = [];
    let isBusy = false;
    const all: Promise<unknown>[] = [];
    for (const [at, { waits, fails, comesLater }] of works.entries()) {
      if (comesLater) await Promise.resolve();
      const work = async () => {
        if (isBusy) throw new TypeError("two at once");
        isBusy = true;
        for (let left = waits; left > 0; left--) await Promise.resolve();
        order.push(at);
        isBusy = false;
        if (fails) throw new Error("as asked");
      };
      all.push(turns.take(work).catch((error) => assertEquals(error.message, "as asked")));
    }
    await Promise.all(all);
    assertEquals(order, works.map((_work, at) => at));
  }));
});
