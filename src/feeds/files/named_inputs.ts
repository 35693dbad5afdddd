/** Finds files by their digests, whatever their names and folders are. */
import { createHash } from "node:crypto";
import { UnusableInput } from "../../domain/market/unusable_input.ts";
import { sha256 } from "./checksum.ts";
import { findInput } from "./input_file.ts";

/** A file by what is in it. */
export interface NamedInput {
  /** The last part of its path where it was named, for messages. */
  readonly name: string;
  /** Hexadecimal. */
  readonly sha256: string;
  readonly bytes: number;
}

/** Reads files and returns their digests. Throws an UnusableInput for one that cannot be read or has no size. */
export async function namedInputs(paths: readonly string[], signal: AbortSignal): Promise<NamedInput[]> {
  const named: NamedInput[] = [];
  for (const path of paths) {
    const file = await findInput(path);
    if (file.size === null) {
      throw new UnusableInput(
        { name: file.name },
        "can be read only once: give a file, which others can have",
      );
    }
    named.push({ name: nameOf(path), sha256: await sha256(file, signal), bytes: file.size });
  }
  return named;
}

/** The digest of several files in their order. */
export function digestOf(files: readonly NamedInput[]): string {
  return createHash("sha256").update(files.map((file) => file.sha256).join("\n")).digest("hex");
}

/** A folder in which files are found by their digests. Each is read once for that, unless it changes. */
export class InputFolder {
  readonly #folder: string;
  /** The digest of each file by its path, size and time. */
  readonly #known = new Map<string, string>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The paths of these files, in their order, or the first of them that is not there. */
  async find(
    files: readonly NamedInput[],
    signal: AbortSignal,
  ): Promise<{ readonly paths: readonly string[] } | { readonly missing: NamedInput }> {
    const there = await this.#list(this.#folder);
    const paths: string[] = [];
    for (const file of files) {
      // The file of the same name first: usually that is it.
      const sized = there.filter(({ size }) => size === file.bytes)
        .sort((one, other) => Number(other.name === file.name) - Number(one.name === file.name));
      let path: string | null = null;
      for (const each of sized) {
        if (await this.#digest(each, signal) !== file.sha256) continue;
        path = each.path;
        break;
      }
      if (path === null) return { missing: file };
      paths.push(path);
    }
    return { paths };
  }

  async #digest({ path, key }: FoundFile, signal: AbortSignal): Promise<string | null> {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    try {
      const digest = await sha256(await findInput(path), signal);
      this.#known.set(key, digest);
      return digest;
    } catch (error) {
      // A file that cannot be read counts as not found.
      if (error instanceof UnusableInput) return null;
      throw error;
    }
  }

  /**
   * All files in a folder and its subfolders. Links to folders are left out, because they may lead in a circle. What
   * cannot be read is left out too, such as the administrator's lost+found.
   */
  async #list(folder: string): Promise<FoundFile[]> {
    const found: FoundFile[] = [];
    try {
      for await (const { name, isDirectory } of Deno.readDir(folder)) {
        const path = `${folder}/${name}`;
        if (isDirectory) {
          found.push(...await this.#list(path));
          continue;
        }
        try {
          const { isFile, size, mtime } = await Deno.stat(path);
          if (isFile) found.push({ path, name, size, key: `${size} ${mtime?.getTime()} ${path}` });
        } catch (error) {
          if (!isOutOfReach(error)) throw error;
        }
      }
    } catch (error) {
      if (!isOutOfReach(error)) throw error;
    }
    return found;
  }
}

/** Why the files in a folder cannot be found at all; null if they can, or if there is no such folder yet. */
export async function unreadableFolder(folder: string): Promise<string | null> {
  try {
    for await (const _ of Deno.readDir(folder)) break;
    return null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    if (error instanceof Deno.errors.NotADirectory) return "it is not a folder";
    if (isOutOfReach(error)) return "this program may not read it";
    throw error;
  }
}

/** Whether a path cannot be read, is a link to nothing or to itself, or has gone since it was seen. */
function isOutOfReach(error: unknown): boolean {
  const { NotFound, NotCapable, NotADirectory, PermissionDenied, FilesystemLoop } = Deno.errors;
  return [NotFound, NotCapable, NotADirectory, PermissionDenied, FilesystemLoop]
    .some((kind) => error instanceof kind);
}

interface FoundFile {
  readonly path: string;
  readonly name: string;
  readonly size: number;
  readonly key: string;
}

function nameOf(path: string): string {
  return path.slice(path.search(/[^\\/]*$/));
}
