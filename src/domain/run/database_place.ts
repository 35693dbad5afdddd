/** The place of journals in a PostgreSQL database, as a URL. */

/** The address of a database, and the name of one of its journals. */
export interface DatabasePlace {
  /** A name or an address, without the brackets of an IPv6 address. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  /** Whether the connection is encrypted, with a certificate for the host that is checked. */
  readonly isVerified: boolean;
  /** A file of certificates to trust besides the system's; null for none. */
  readonly rootCertificate: string | null;
  /** A file with the password in its first line; null for none. */
  readonly passwordFile: string | null;
  /** The journal's name; null for the database as a whole. */
  readonly journal: string | null;
}

const DEFAULT_PORT = 5432;
const SCHEME = /^postgres(?:ql)?:\/\//;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
const SETTINGS = ["sslmode", "sslrootcert", "passwordfile"];
const WANTED = "postgres://USER@HOST:PORT/DATABASE";

/** Whether a place is a database rather than a file. */
export function isInDatabase(place: string): boolean {
  return SCHEME.test(place);
}

/** Whether a journal in a database can have this name. */
export function isJournalName(name: string): boolean {
  return NAME.test(name);
}

/** What a journal's name is made of, as the end of a message. */
export const JOURNAL_NAMES =
  "up to 63 letters, digits, dots, dashes and underscores, starting with a letter or a digit";

/** A place without the password that a user wrote into it, for messages. */
export function withoutPassword(place: string): string {
  return place.replace(/^(postgres(?:ql)?:\/\/[^/?#@:]*):.*@/s, "$1:…@");
}

/**
 * Reads the URL of a database; the journal's name is after `#`. Without `sslmode` the connection is verified, unless
 * the host is this machine. Throws a RangeError that says what is expected, as the end of a sentence, and never repeats
 * a password.
 *
 * @example
 * ```ts
 * import { readDatabasePlace } from "./database_place.ts";
 * import { assertEquals } from "@std/assert";
 * const place = readDatabasePlace("postgres://ann@db.internal/fleet#btc");
 * assertEquals([place.host, place.port, place.user], ["db.internal", 5432, "ann"]);
 * assertEquals([place.database, place.journal, place.isVerified], ["fleet", "btc", true]);
 * ```
 */
export function readDatabasePlace(text: string): DatabasePlace {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new RangeError(WANTED);
  }
  if (url.password !== "") {
    throw new RangeError(
      "no password in it, because others can read it in the list of processes: set PGPASSWORD instead, or add " +
        "?passwordfile=FILE",
    );
  }
  const [, database = "", more] = decoded(url.pathname).split("/");
  if (url.hostname === "") throw new RangeError(`a host in it: ${WANTED}`);
  if (url.username === "" || database === "" || more !== undefined) {
    const missing = url.username === ""
      ? "a user"
      : database === ""
      ? "a database"
      : "only a database after the port";
    throw new RangeError(`${missing} in it: ${WANTED}`);
  }
  for (const name of url.searchParams.keys()) {
    if (!SETTINGS.includes(name)) {
      throw new RangeError(`${SETTINGS.join(", ")} or nothing after "?", and no "${name}"`);
    }
  }
  const journal = url.hash === "" ? null : decoded(url.hash.slice(1));
  if (journal !== null && !isJournalName(journal)) {
    throw new RangeError(`a name of a journal after "#": ${JOURNAL_NAMES}`);
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  return {
    host,
    port: url.port === "" ? DEFAULT_PORT : Number(url.port),
    user: decoded(url.username),
    database,
    isVerified: isVerified(url.searchParams.get("sslmode"), host),
    rootCertificate: url.searchParams.get("sslrootcert"),
    passwordFile: url.searchParams.get("passwordfile"),
    journal,
  };
}

/** The same place with this journal. */
export function withJournal(place: string, journal: string): string {
  return `${place.replace(/#.*$/s, "")}#${journal}`;
}

/** `host:port`, as a permission names it. */
export function databaseHost({ host, port }: Pick<DatabasePlace, "host" | "port">): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function isVerified(mode: string | null, host: string): boolean {
  if (mode === null) return !["127.0.0.1", "localhost", "::1"].includes(host);
  if (mode === "verify-full") return true;
  if (mode === "disable") return false;
  throw new RangeError(
    `sslmode=verify-full, or sslmode=disable on a network that only you can use: with "${mode}" anyone could answer`,
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new RangeError(`%25 for % in "${text}"`);
  }
}
