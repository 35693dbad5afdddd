/** How soon is soon on this machine: a fixed time, plus some for starting programs here. */

const STARTS = 20;

/**
 * `ms`, plus twenty times what an empty program takes here and now. On a quiet machine that adds half a
 * second; on a slow or busy one it grows with everything else.
 */
export async function soonMs(ms: number): Promise<number> {
  const from = performance.now();
  await new Deno.Command(Deno.execPath(), { args: ["eval", ""], stderr: "null" }).output();
  return ms + STARTS * (performance.now() - from);
}
