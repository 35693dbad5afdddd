/** What counts as soon on this machine, as it is now: a promise in seconds, and what starting programs takes besides. */

const STARTS = 20;

/**
 * `ms`, with twenty times what an empty program takes here and now. On a quiet machine that is half a second more; on
 * one that is slow or busy it grows with everything else.
 */
export async function soonMs(ms: number): Promise<number> {
  const from = performance.now();
  await new Deno.Command(Deno.execPath(), { args: ["eval", ""], stderr: "null" }).output();
  return ms + STARTS * (performance.now() - from);
}
