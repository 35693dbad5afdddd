/** Reads from the container files which commands they run. */

const ROOT = new URL("../../", import.meta.url);

/** The arguments of a Dockerfile instruction in JSON form, without the program itself. */
export function dockerArguments(instruction: "CMD" | "HEALTHCHECK"): string[] {
  const text = Deno.readTextFileSync(new URL("Dockerfile", ROOT)).replace(/\\\n\s*/g, " ");
  const lines = text.split("\n").filter((line) => line.startsWith(`${instruction} `));
  const words: string[] = JSON.parse(/\[.*\]/.exec(lines.at(-1) ?? "")?.[0] ?? "[]");
  return words.filter((word) => word !== "/penstock");
}
