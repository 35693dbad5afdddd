import { assertEquals } from "@std/assert";

const MODULE = new URL("../../../src/feeds/process/end_signals.ts", import.meta.url).href;

/**
 * Runs `body` after `endSignals`, and says when it started; how the process ended after SIGTERM, and what it printed.
 */
async function terminated(body: string): Promise<[signal: string | null, code: number, printed: string]> {
  const script = `import { endSignals } from ${JSON.stringify(MODULE)};
    const { signal, blocking } = endSignals(new AbortController(), 130);
    ${body}`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", script],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let printed = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    printed += text;
    if (printed.endsWith("at work\n")) child.kill("SIGTERM");
  }
  const { signal, code } = await child.status;
  return [signal, code, printed];
}

Deno.test({
  name:
    "endSignals() lets a signal end the process during work that never waits, and listens again afterwards",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const endless = await terminated(`blocking(() => {
      console.log("at work");
      for (;;);
    });`);
    assertEquals(endless, ["SIGTERM", 143, "at work\n"]);
    const heard = await terminated(`
      const text = await blocking(() => "work\\n") + await blocking(() => "more\\n");
      signal.addEventListener("abort", () => {
        console.log("asked to end");
        Deno.exit(0);
      });
      setInterval(() => {}, 1000);
      console.log(text + "at work");`);
    assertEquals(heard, [null, 0, "work\nmore\nat work\nasked to end\n"]);
  },
});
