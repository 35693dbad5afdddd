/** The secrets for a database: the password and the certificates that the user named. */
import { type DatabasePlace } from "../../../domain/run/database_place.ts";
import { asSentence, grantAdvice } from "../../../domain/process/permission_advice.ts";
import { DatabaseRefusal } from "./database_failure.ts";

const VARIABLE = "PGPASSWORD";

/** The secrets of a place, read once. They stay in memory and appear in no message. */
export interface DatabaseSecrets {
  readonly password: string | null;
  /** In PEM. */
  readonly certificates: string | null;
}

/** Secrets by their files, kept because a process may drop the permission to read them again. */
const read = new Map<string, DatabaseSecrets>();

/**
 * Reads the secrets of a place once: the password from the first line of its file, or else from PGPASSWORD, if this
 * process may read that. Throws a DatabaseRefusal for a file that cannot be read.
 */
export function secretsOf({ passwordFile, rootCertificate }: DatabasePlace): DatabaseSecrets {
  const key = JSON.stringify([passwordFile, rootCertificate]);
  const known = read.get(key);
  if (known !== undefined) return known;
  const secrets = {
    password: passwordFile === null ? fromEnvironment() : textIn(passwordFile, "password").split(/\r?\n/)[0]!,
    certificates: rootCertificate === null ? null : textIn(rootCertificate, "certificate"),
  };
  read.set(key, secrets);
  return secrets;
}

function fromEnvironment(): string | null {
  const { state } = Deno.permissions.querySync({ name: "env", variable: VARIABLE });
  return state === "granted" ? Deno.env.get(VARIABLE) ?? null : null;
}

function textIn(path: string, what: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) {
      const advice = asSentence(grantAdvice({ read: path }, Deno.build.standalone));
      throw new DatabaseRefusal(`no permission to read the ${what} file ${path}. ${advice}`, {
        cause: error,
      });
    }
    const why = error instanceof Error ? error.message : String(error);
    throw new DatabaseRefusal(`the ${what} file ${path} cannot be read (${why}). Name another`, {
      cause: error,
    });
  }
}
