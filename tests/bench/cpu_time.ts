/** Processor times of processes, as Linux counts them. */

/** The processes that this one started and that still run. */
export function children(pid: number): number[] {
  return Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).split(" ").filter(Boolean).map(Number);
}

/** The processor time of all threads of a process so far, ns; 0 for one that has ended. */
export function cpuNs(pid: number): number {
  try {
    return Array.from(
      Deno.readDirSync(`/proc/${pid}/task`),
      ({ name }) => Number(Deno.readTextFileSync(`/proc/${pid}/task/${name}/schedstat`).split(" ")[0]),
    ).reduce((sum, ns) => sum + ns, 0);
  } catch {
    return 0;
  }
}
