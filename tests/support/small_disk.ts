/** A test's own disk, small enough to fill. */

/** Whether a small disk can be mounted, which takes tmpfs and the right to mount it. */
export const canMount = Deno.build.os === "linux" && (() => {
  const folder = Deno.makeTempDirSync({ prefix: "penstock_" });
  try {
    return mount(folder, "size=64k") && run("umount", folder);
  } finally {
    Deno.removeSync(folder);
  }
})();

/** Mounts a disk at `folder`; returns false if that is not possible. */
export function mount(folder: string, options: string): boolean {
  return run("mount", "-t", "tmpfs", "-o", options, "tmpfs", folder);
}

/** Runs a program of the system; returns whether it succeeded. */
export function run(program: string, ...args: string[]): boolean {
  try {
    return new Deno.Command(program, { args, stdout: "null", stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
}
