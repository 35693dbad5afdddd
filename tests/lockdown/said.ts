/** For `deno run`: runs the command lines of its argument, a list in JSON, and prints a list of what each says. */
import { inProcess } from "../support/in_process.ts";

/** What a command line printed, and its exit code. */
export interface Said {
  readonly code: number;
  readonly text: string;
}

if (import.meta.main) {
  const said: Said[] = [];
  for (const line of JSON.parse(Deno.args[0]!) as readonly string[]) {
    const { code, stdout, stderr } = await inProcess(...line.split(" "));
    said.push({ code, text: stdout + stderr });
  }
  console.log(JSON.stringify(said));
}
