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
    // Nothing is there, or it may not be looked at: opening it will say more.
    return false;
  }
}

/** What the system says where the disk, or this user's share of it, is full; Deno has no class for it. */
export const NO_SPACE = /\(os error (28|112|122)\)/;

/** What a run's journal and the log beside it take at first, bytes: with less room a run would stop soon. */
const ROOM = 2 * 1024 * 1024;

/**
 * Writes a file of 2 MB into `folder` and removes it; a missing folder is made for it, as a run would, and removed too.
 * The folder around it has to be there, unless a run would make that too, as `withParents` says.
 */
export function examineFolder(folder: string, withParents = false): CheckResult {
  const subject = `folder ${folder}`;
  // A name that nobody can guess, so nobody else's file is there.
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
    return pass(subject, "", isMade ? "not there yet, and can be made" : "can be written to");
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
      "Choose another, or give this user the right",
    );
  }
}

/** Makes the file at `path`, fills it as far as a run needs room, and removes it in any case. */
function writeAndRemove(path: string): void {
  const file = Deno.openSync(path, { write: true, createNew: true, mode: OWNERS_FILE });
  try {
    for (let left = ROOM; left > 0;) left -= file.writeSync(new Uint8Array(left));
    // Some file systems find room only when they write.
    file.syncDataSync();
  } finally {
    file.close();
    Deno.removeSync(path);
  }
}

/** Makes a missing folder; false, where `withParents` allows it, when the one around it is missing too. */
function makeFolder(folder: string, withParents: boolean): boolean {
  try {
    Deno.mkdirSync(folder, { mode: OWNERS_FOLDER });
    return true;
  } catch (error) {
    if (!withParents || !(error instanceof Deno.errors.NotFound)) throw error;
    return false;
  }
}
