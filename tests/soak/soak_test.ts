/** Two minutes with all troubles; `deno task soak --for 1h` runs longer. */
import { assert, assertGreater, assertLess } from "@std/assert";
import { assertFlat, soak, soakText } from "./soak.ts";

/** The seed changes every day, so the gate covers more orders over time. The seed repeats a failure. */
const seed = Math.floor(Date.now() / 86_400_000);

Deno.test({
  name: `penstock run loses nothing and does not grow in two minutes with every trouble (seed ${seed})`,
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const found = await soak(120_000, seed);
    console.log(soakText(found));
    const kinds = Object.keys(found.troubles);
    for (const kind of ["SIGKILL", "drop", "half-open", "hole", "reorder", "refuse", "shutdown"]) {
      assert(kinds.includes(kind), `${kind} did not happen: ${kinds}`);
    }
    assertGreater(found.fills, 100);
    assertFlat(found);
    const { files, memoryMb } = found.program;
    assertLess(files.last, files.first + 8, soakText(found));
    assertLess(memoryMb.last, memoryMb.first + 25, soakText(found));
  },
});
