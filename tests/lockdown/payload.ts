/**
 * Reads what `deno compile` put into a file. In an ELF file that is the note section `.note.sui`, laid out as in Deno
 * 2.9 (cli/lib/standalone/binary.rs).
 */

/** The permissions baked in; null grants nothing, and an empty list grants everything of that kind. */
export type BakedPermissions = Readonly<Record<string, readonly string[] | null | boolean>>;

/** The part of the metadata that decides what the file runs and what it may do. */
export interface Metadata {
  readonly argv: readonly string[];
  readonly permissions: BakedPermissions;
  readonly v8_flags: readonly string[];
  readonly entrypoint_key: string;
  readonly env_vars_from_env_file: Readonly<Record<string, string>>;
  readonly unstable_config: { readonly features: readonly string[] };
  readonly ca_data: unknown;
  readonly unsafely_ignore_certificate_errors: unknown;
  readonly workspace_resolver: {
    readonly import_map: { readonly json: string };
    readonly jsr_pkgs: readonly {
      readonly name: string;
      readonly relative_base: string;
      readonly exports: Readonly<Record<string, string>>;
    }[];
  };
}

/** The file holds no payload, or one in an unknown layout. */
export class PayloadError extends Error {
  override readonly name = "PayloadError";
}

interface Section {
  readonly name: number;
  readonly offset: number;
  readonly size: number;
}

type VfsEntry =
  | { readonly Dir: { readonly n: string; readonly e: readonly VfsEntry[] } }
  | { readonly File: { readonly n: string; readonly o: readonly [number, number] } }
  | { readonly Symlink: { readonly n: string } };

const ELF = 0x7f454c46;
const SECTION = ".note.sui";
const MAGIC = "d3n0l4nd";

/** The contents embedded in one compiled file. */
export class Payload {
  readonly metadata: Metadata;
  /** Every embedded file by its path. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** The whole section, so that tests can search it for forbidden text. */
  readonly bytes: Uint8Array;

  /** Reads it from the ELF file at `path`. Throws a PayloadError if there is none or its layout is unknown. */
  static read(path: string): Payload {
    return new Payload(noteSection(Deno.readFileSync(path)));
  }

  private constructor(note: Uint8Array) {
    const reader = new Reader(note);
    const nameLength = reader.u32();
    const length = reader.u32();
    reader.u32();
    reader.take((nameLength + 3) & ~3);
    this.bytes = reader.take(length);
    const inner = new Reader(this.bytes);
    if (inner.text(inner.u16()) !== MAGIC || inner.text(MAGIC.length) !== MAGIC) {
      throw new PayloadError(`${SECTION} does not start with ${MAGIC}`);
    }
    this.metadata = JSON.parse(inner.text(inner.u64()));
    inner.take(inner.u64()); // the npm packages' resolution
    for (let left = inner.u32(); left > 0; left--) {
      inner.take(inner.u32());
      inner.u32();
    }
    inner.take(inner.u32() * 8); // redirects
    for (let left = inner.u32(); left > 0; left--) skipRemoteModule(inner);
    const tree: readonly VfsEntry[] = JSON.parse(inner.text(inner.u64()));
    const contents = inner.take(inner.u64());
    if (inner.text(MAGIC.length) !== MAGIC) throw new PayloadError(`${SECTION} does not end with ${MAGIC}`);
    this.files = new Map(filesIn(tree, "", contents));
  }

  /** Writes every embedded file under `folder`. */
  unpack(folder: string): void {
    for (const [path, bytes] of this.files) {
      const to = `${folder}/${path}`;
      Deno.mkdirSync(to.slice(0, to.lastIndexOf("/")), { recursive: true });
      Deno.writeFileSync(to, bytes);
    }
  }

  /** The arguments that make `deno run` grant exactly the permissions baked in. */
  get flags(): string[] {
    const flags: string[] = [];
    for (const [name, value] of Object.entries(this.metadata.permissions)) {
      if (!Array.isArray(value) || name === "allow_import") continue;
      const flag = `--${name.replace("_", "-")}`;
      flags.push(value.length === 0 ? flag : `${flag}=${value.join(",")}`);
    }
    if (this.metadata.permissions["prompt"] !== true) flags.push("--no-prompt");
    for (const feature of this.metadata.unstable_config.features) flags.push(`--unstable-${feature}`);
    return flags;
  }
}

function skipRemoteModule(reader: Reader): void {
  reader.u32();
  reader.take(1);
  reader.take(reader.u32());
  const [has = 0] = reader.take(1);
  for (const bit of [1, 2, 4]) if (has & bit) reader.take(reader.u32());
}

function* filesIn(
  entries: readonly VfsEntry[],
  folder: string,
  contents: Uint8Array,
): Generator<[string, Uint8Array]> {
  for (const entry of entries) {
    if ("Dir" in entry) yield* filesIn(entry.Dir.e, `${folder}${entry.Dir.n}/`, contents);
    else if ("File" in entry) {
      const { n, o: [offset, length] } = entry.File;
      yield [folder + n, contents.subarray(offset, offset + length)];
    } else throw new PayloadError(`${folder}${entry.Symlink.n} is a symbolic link, which none should be`);
  }
}

/** The contents of the section SECTION. */
function noteSection(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0) !== ELF) throw new PayloadError("not an ELF file");
  const table = Number(view.getBigUint64(0x28, true));
  const size = view.getUint16(0x3a, true);
  const section = (index: number): Section => {
    const at = table + index * size;
    return {
      name: view.getUint32(at, true),
      offset: Number(view.getBigUint64(at + 0x18, true)),
      size: Number(view.getBigUint64(at + 0x20, true)),
    };
  };
  const names = section(view.getUint16(0x3e, true)).offset;
  for (let index = 0; index < view.getUint16(0x3c, true); index++) {
    const { name, offset, size: length } = section(index);
    const at = names + name;
    const said = new TextDecoder().decode(bytes.subarray(at, at + SECTION.length + 1));
    if (said === `${SECTION}\0`) return bytes.subarray(offset, offset + length);
  }
  throw new PayloadError(`there is no section ${SECTION}`);
}

/** Reads little-endian numbers and bytes in sequence. */
class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u16(): number {
    return this.#view.getUint16(this.#move(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#move(4), true);
  }

  u64(): number {
    return Number(this.#view.getBigUint64(this.#move(8), true));
  }

  take(length: number): Uint8Array {
    const from = this.#move(length);
    return this.#bytes.subarray(from, from + length);
  }

  text(length: number): string {
    return new TextDecoder().decode(this.take(length));
  }

  #move(length: number): number {
    const from = this.#at;
    if (from + length > this.#bytes.length) {
      throw new PayloadError(
        `${SECTION} ends at ${this.#bytes.length}: expected ${length} more bytes at ${from}`,
      );
    }
    this.#at += length;
    return from;
  }
}
