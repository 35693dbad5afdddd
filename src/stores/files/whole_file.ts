/**
 * A small JSON file that is replaced as a whole, so that a crash leaves either the old content or the new. Its lock is a
 * second file, because each write puts another file in place of the first.
 */
import { outwardLink, outwardText } from "../../domain/process/outward_link.ts";
import type { MissingGrants } from "../../domain/process/permission_advice.ts";
import { folderOf } from "./data_folder.ts";
import { OWNERS_FILE, OWNERS_FOLDER } from "./owner_only.ts";

/** The content of a file, and the wording of its errors. */
export interface FileKind {
  /** Its fields `schema` and `version`. */
  readonly schema: string;
  readonly version: number;
  /** A larger file is not read. */
  readonly mostBytes: number;
  /** The class of its errors. */
  readonly Failure: new (message: string, options?: ErrorOptions) => Error;
  /** What it does, as a clause: `which counts …`. */
  readonly purpose: string;
  /** What happens if it is removed, as the end of a sentence. */
  readonly without: string;
  /** What to do if it may not be used. */
  readonly advice: (missing: MissingGrants) => string;
}

/** The files that one at `path` needs, for permissions: itself, its lock, and the one that takes its place. */
export function filesOf(path: string): readonly [file: string, lock: string, partial: string] {
  return [path, `${path}.lock`, `${path}.partial`];
}

/** The file at one path. */
export class WholeFile {
  readonly #path: string;
  readonly #kind: FileKind;

  constructor(path: string, kind: FileKind) {
    this.#path = path;
    this.#kind = kind;
  }

  /**
   * Opens the file for the caller to lock, and creates a missing folder. Throws if a link leads out of `./data`, and
   * passes on Deno's errors.
   */
  openLock(): Deno.FsFile {
    const files = filesOf(this.#path);
    for (const name of files) {
      const link = outwardLink(name, Deno, true);
      if (link !== null) throw this.unusable(outwardText(link));
    }
    this.#makeFolder(folderOf(this.#path));
    return Deno.openSync(files[1], { write: true, create: true, mode: OWNERS_FILE });
  }

  /** The fields in the file; null if there is none. Throws if they are not of this kind. */
  read(): Readonly<Record<string, unknown>> | null {
    let text: string;
    try {
      if (Deno.statSync(this.#path).size > this.#kind.mostBytes) {
        throw this.damaged("it is far larger than it can be");
      }
      text = Deno.readTextFileSync(this.#path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return null;
      throw error;
    }
    return this.fieldsIn(text);
  }

  /** The fields in a text. Throws if they are not of this kind. */
  fieldsIn(text: string): Readonly<Record<string, unknown>> {
    let fields: unknown;
    try {
      fields = JSON.parse(text);
    } catch {
      throw this.damaged(text === "" ? "it is empty" : "it is not JSON");
    }
    const { schema, version } = this.#kind;
    if (!isObject(fields) || fields["schema"] !== schema) {
      throw this.damaged(`its "schema" is not "${schema}"`);
    }
    if (fields["version"] !== version) {
      const found = JSON.stringify(fields["version"]) ?? "none";
      throw this.unusable(
        `it is of version ${found}, but this Penstock knows version ${version}: use the Penstock that wrote it`,
      );
    }
    return fields;
  }

  /** Writes the content to another file, waits until that is on disk, and renames it to this one. */
  replace(content: object): void {
    const [, , partial] = filesOf(this.#path);
    {
      using file = Deno.openSync(partial, { write: true, create: true, truncate: true, mode: OWNERS_FILE });
      let bytes = new TextEncoder().encode(`${JSON.stringify(content, null, 1)}\n`);
      while (bytes.length > 0) bytes = bytes.subarray(file.writeSync(bytes));
      file.syncDataSync();
    }
    Deno.renameSync(partial, this.#path);
  }

  /** The error for a file that cannot be read. */
  damaged(how: string): Error {
    return this.unusable(`${how}. Restore it from a copy, or remove it: ${this.#kind.without}`);
  }

  /** The error for a file that cannot be used. */
  unusable(why: string, cause?: unknown): Error {
    const { Failure, purpose } = this.#kind;
    return new Failure(
      `${this.#path}, ${purpose}, cannot be used: ${why}`,
      cause === undefined ? {} : { cause },
    );
  }

  /** Converts an error from using the file to the class of its kind. */
  failure(error: unknown): Error {
    if (error instanceof this.#kind.Failure) return error;
    if (error instanceof Deno.errors.NotCapable) {
      const missing = { read: this.#path, write: filesOf(this.#path).join(",") };
      return this.unusable(`it may not be read or written: ${this.#kind.advice(missing)}`, error);
    }
    return this.unusable(error instanceof Error ? error.message : String(error), error);
  }

  /** A program that may write only these files cannot make their folder. */
  #makeFolder(folder: string): void {
    try {
      if (Deno.statSync(folder).isDirectory) return;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    try {
      Deno.mkdirSync(folder, { mode: OWNERS_FOLDER });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotCapable)) throw error;
      throw this.unusable(`its folder ${folder} does not exist. Create it, or start a run first`, error);
    }
  }
}

/** Whether a value of JSON is an object. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
