/**
 * Links that lead out of their folder: Deno checks permissions for a path as written, then follows its links.
 */

/** The part of the file system that is used here; `Deno` provides it. */
export interface LinkFiles {
  cwd(): string;
  lstatSync(path: string): { readonly isSymlink: boolean };
  readLinkSync(path: string): string;
  realPathSync(path: string): string;
}

/** A link that leads out of a folder. */
export interface OutwardLink {
  /** Its path. */
  readonly link: string;
  /** Where it leads, as far as that exists. */
  readonly target: string;
  /** The folder that it leads out of. */
  readonly folder: string;
}

/** The folder that a locked program may use, in the working folder. */
const DATA = "data";
/** How many links in a row are followed, as on Linux. */
const MOST_LINKS = 40;

/**
 * The first link on the way to `path` that leads where it must not; null if none does. Anywhere below
 * `./data`, every link must stay in `./data`, which may be a link itself. Elsewhere folders are up to the
 * user; with `keepsFolder`, which is for the files that Penstock keeps, the last name must not be a link out
 * of its folder. A path that may not be read counts as no link: no task and no compiled program may write
 * where it may not read.
 *
 * @example
 * ```ts
 * import { outwardLink } from "./outward_link.ts";
 * import { assertEquals } from "@std/assert";
 * const files = {
 *   cwd: () => "/srv",
 *   lstatSync: (path: string) => ({ isSymlink: path === "/srv/data/x" }),
 *   readLinkSync: () => "/etc/passwd",
 *   realPathSync: (path: string) => path === "/srv/data/x" ? "/etc/passwd" : path,
 * };
 * assertEquals(outwardLink("data/x", files), { link: "data/x", target: "/etc/passwd", folder: "data" });
 * assertEquals(outwardLink("data/penstock.db", files), null);
 * ```
 */
export function outwardLink(path: string, files: LinkFiles, keepsFolder = false): OutwardLink | null {
  const isWindows = /^[A-Za-z]:/.test(files.cwd());
  const slashed = (text: string): string => isWindows ? text.replaceAll("\\", "/") : text;
  const asked: LinkFiles = {
    cwd: () => slashed(files.cwd()),
    lstatSync: (at) => files.lstatSync(at),
    readLinkSync: (at) => slashed(files.readLinkSync(at)),
    realPathSync: (at) => slashed(files.realPathSync(at)),
  };
  const cwd = asked.cwd();
  const whole = resolved(cwd, slashed(path));
  const data = resolved(cwd, DATA);
  const isInData = whole !== data && isIn(whole, data);
  if (whole === data || !isInData && !keepsFolder) return null;
  const top = isInData ? data : folderOf(whole);
  const realTop = realOf(top, asked) ?? top;
  const folder = isInData ? DATA : shown(top, cwd);
  const names = whole.slice(top.length).split("/").filter((name) => name !== "");
  let at = top;
  for (const name of names) {
    at = `${at === "/" ? "" : at}/${name}`;
    if (!isLinkAt(at, asked)) continue;
    const target = destination(at, asked);
    if (!isIn(target, realTop)) return { link: shown(at, cwd), target, folder };
  }
  // A folder on the way may be unreadable by itself, so the whole path is checked as well.
  const target = realOf(whole, asked);
  return target === null || isIn(target, realTop) ? null : { link: shown(whole, cwd), target, folder };
}

/** What is wrong with such a link, as a clause. */
export function outwardClause({ link, target, folder }: OutwardLink): string {
  return `${link} is a link that leads out of ${folder}, to ${target}`;
}

/** What to do about such a link. */
export const OUTWARD_ADVICE = "Remove the link, or choose a place that it does not lead out of";

/** Both, as the end of a sentence. */
export function outwardText(found: OutwardLink): string {
  return `${outwardClause(found)}. ${OUTWARD_ADVICE}`;
}

/** Where a link leads: the real path, or where that would be. */
function destination(link: string, files: LinkFiles): string {
  let at = link;
  for (let links = 0; links < MOST_LINKS; links++) {
    const real = realOf(at, files);
    if (real !== null) return real;
    if (!isLinkAt(at, files)) break;
    at = resolved(realOf(folderOf(at), files) ?? folderOf(at), files.readLinkSync(at));
  }
  const folder = realOf(folderOf(at), files);
  return folder === null ? at : resolved(folder, at.slice(at.lastIndexOf("/") + 1));
}

function isLinkAt(path: string, files: LinkFiles): boolean {
  try {
    return files.lstatSync(path).isSymlink;
  } catch (error) {
    if (isUnseen(error)) return false;
    throw error;
  }
}

/** The path with all links followed; null if it leads nowhere or may not be inspected. */
function realOf(path: string, files: LinkFiles): string | null {
  try {
    return files.realPathSync(path);
  } catch (error) {
    // Links that lead in a circle have no end either.
    if (isUnseen(error) || isLinkAt(path, files)) return null;
    throw error;
  }
}

/** Whether an error says that a path does not exist, or may not be inspected. */
function isUnseen(error: unknown): boolean {
  return error instanceof Error && ["NotFound", "NotADirectory", "NotCapable"].includes(error.name);
}

function isIn(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith("/") ? folder : `${folder}/`);
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

/** The absolute path of `path` in `folder`, without `.` and `..`, which Deno resolves in the same way. */
function resolved(folder: string, path: string): string {
  const isWhole = path.startsWith("/") || /^[A-Za-z]:\//.test(path);
  const parts: string[] = [];
  for (const part of (isWhole ? path : `${folder}/${path}`).split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  const text = parts.join("/");
  return /^[A-Za-z]:/.test(text) ? text : `/${text}`;
}

/** The path, relative to the working folder if it is in it. */
function shown(path: string, cwd: string): string {
  return isIn(path, cwd) && path !== cwd ? path.slice(cwd.endsWith("/") ? cwd.length : cwd.length + 1) : path;
}
