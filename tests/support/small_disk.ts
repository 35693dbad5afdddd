/** A disk of a test's own, small enough to be filled. */

/** Whether a small disk can be mounted, which takes a system with tmpfs and the right to it. */
export const canMount = Deno.build.os === "linux" && (() => {
  const folder = Deno.makeTempDirSync({ prefix: "penstock_" });
  try {
    return mount(folder, "size=64k") && run("umount", folder);
  } finally {
    Deno.removeSync(folder);
  }
})();

/** Mounts a disk of its own at `folder`; false if that is not possible. */
export function mount(folder: string, options: string): boolean {
  return run("mount", "-t", "tmpfs", "-o", options, "tmpfs", folder);
}

/** Runs a program of the system; whether it succeeded. */
export function run(program: string, ...args: string[]): boolean {
  try {
    return new Deno.Command(program, { args, stdout: "null", stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
}
