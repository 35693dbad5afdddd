/** A terminal for one program, made by script(1). */
import { assertEquals } from "@std/assert";

/** Whether there is a script(1) that makes a terminal, as in util-linux. */
export function hasScript(): boolean {
  try {
    const { stdout } = new Deno.Command("script", { args: ["--version"], stderr: "null" }).outputSync();
    return new TextDecoder().decode(stdout).includes("util-linux");
  } catch {
    return false;
  }
}

/** What a command line writes to a terminal 100 columns wide. */
export async function onTerminal(
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const quoted = words.map((word) => `'${word}'`).join(" ");
  const { stdout, code } = await new Deno.Command("script", {
    args: ["-qec", `stty cols 100; ${quoted}`, "/dev/null"],
    stdin: "null",
    env: { TERM: "xterm", NO_COLOR: "", ...env },
  }).output();
  assertEquals(code, 0);
  return new TextDecoder().decode(stdout).replaceAll("\r\n", "\n");
}
