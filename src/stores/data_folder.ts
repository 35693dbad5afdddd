/** Whether a folder can be written to: by writing there. */
import { bad, type Finding, good } from "../domain/finding.ts";
import { asSentence, grantAdvice } from "../domain/permission_advice.ts";

/** The folder of the file at `path`. */
export function folderOf(path: string): string {
  return /^(.*)[\\/]/.exec(path)?.[1] || (path.startsWith("/") ? "/" : ".");
}

/**
 * Writes a small file into `folder` and removes it; a missing folder is made for it, as a run would, and removed too.
 */
export function examineFolder(folder: string): Finding {
  const subject = `folder ${folder}`;
  const path = `${folder}/.penstock-doctor-${Deno.pid}`;
  let isMade = false;
  try {
    try {
      Deno.writeTextFileSync(path, "");
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      Deno.mkdirSync(folder);
      isMade = true;
      Deno.writeTextFileSync(path, "");
    }
    Deno.removeSync(path);
    if (isMade) Deno.removeSync(folder);
    return good(subject, "", isMade ? "not there yet, and can be made" : "can be written to");
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) {
      const advice = asSentence(grantAdvice({ write: folder }, Deno.build.standalone));
      return bad(subject, "", "writing there is not permitted", advice);
    }
    const said = error instanceof Error ? error.message : String(error);
    return bad(subject, "", `cannot be written to: ${said}`, "Choose another, or give this user the right");
  }
}
