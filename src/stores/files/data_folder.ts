/** Checks whether a folder can be written to, by writing there. */
import { type CheckResult, fail, pass } from "../../domain/process/check_result.ts";
import { OUTWARD_ADVICE, outwardClause, outwardLink } from "../../domain/process/outward_link.ts";
import { asSentence, grantAdvice } from "../../domain/process/permission_advice.ts";
import { OWNERS_FILE, OWNERS_FOLDER } from "./owner_only.ts";

/** The folder of the file at `path`. */
export function folderOf(path: string): string {
  return /^(.*)[\\/]/.exec(path)?.[1] || (path.startsWith("/") ? "/" : ".");
}

/** The folder that `path` names, without a slash at its end; null if `path` ends in no slash and is not a folder. */
export function folderNamed(path: string): string | null {
  const slashes = Deno.build.os === "windows" ? /[\\/]+$/ : /\/+$/;
  if (!slashes.test(path) && !isDirectory(path)) return null;
  return path.replace(slashes, "") || "/";
}

function isDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    // It does not exist, or may not be inspected. Opening it will show which.
    return false;
  }
}

/** The system's messages for a full disk or quota; Deno has no class for them. */
export const NO_SPACE = /\(os error (28|112|122)\)/;

/** The initial size of a run's journal and its log, bytes. With less space, a run would soon stop. */
const ROOM = 2 * 1024 * 1024;

/**
 * Writes a file of 2 MB into `folder` and removes it. It creates a missing folder, as a run would, and removes that
 * too. The parent must exist, unless `withParents` is set because a run would create it as well.
 */
export function examineFolder(folder: string, withParents = false): CheckResult {
  const subject = `folder ${folder}`;
  // The name is random, so no other file has it.
  const path = `${folder}/.penstock-doctor-${crypto.randomUUID()}`;
  const write = () => writeAndRemove(path);
  let isMade = false;
  try {
    const link = outwardLink(folder, Deno);
    if (link !== null) return fail(subject, "", outwardClause(link), OUTWARD_ADVICE);
    try {
      write();
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      isMade = makeFolder(folder, withParents);
      if (!isMade) return { ...examineFolder(folderOf(folder), withParents), subject };
      try {
        write();
      } finally {
        Deno.removeSync(folder);
      }
    }
    return pass(subject, "", isMade ? "does not exist yet, but can be created" : "can be written to");
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) {
      const advice = asSentence(grantAdvice({ write: folder }, Deno.build.standalone));
      return fail(subject, "", "writing there is not permitted", advice);
    }
    const message = error instanceof Error ? error.message : String(error);
    if (NO_SPACE.test(message)) {
      return fail(subject, "", `has no room for 2 MB: ${message}`, "Make room, or choose another");
    }
    return fail(
      subject,
      "",
      `cannot be written to: ${message}`,
      "Choose another, or allow this user to write there",
    );
  }
}

/** Creates the file at `path`, fills it with as much as a run needs, and always removes it. */
function writeAndRemove(path: string): void {
  const file = Deno.openSync(path, { write: true, createNew: true, mode: OWNERS_FILE });
  try {
    for (let left = ROOM; left > 0;) left -= file.writeSync(new Uint8Array(left));
    // Some file systems check for space only when they write.
    file.syncDataSync();
  } finally {
    file.close();
    Deno.removeSync(path);
  }
}

/** Creates a missing folder. Returns false if its parent is missing too and `withParents` is set; throws otherwise. */
function makeFolder(folder: string, withParents: boolean): boolean {
  try {
    Deno.mkdirSync(folder, { mode: OWNERS_FOLDER });
    return true;
  } catch (error) {
    if (!withParents || !(error instanceof Deno.errors.NotFound)) throw error;
    return false;
  }
}
