/** The command lines on the pages run as written. */
import { assert, assertEquals } from "@std/assert";
import type { Ran } from "./run_commands.ts";
import { ROOT } from "./pages.ts";

Deno.test("every command line of every page that needs no host and no container runs as written", async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--no-prompt", "--allow-net=127.0.0.1", "--allow-read", "--allow-write", "--allow-run=sh"],
      new URL("tests/docs/run_commands.ts", ROOT).pathname,
    ],
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  const ran = JSON.parse(new TextDecoder().decode(stdout)) as Ran[];
  assertEquals(ran.filter(({ failure }) => failure !== null), []);
  assert(ran.length > 30, `${ran.length} command lines were run`);
});
