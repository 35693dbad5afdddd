/** Explains why a database could not be used, and what to do about it. */
import { databaseHost, type DatabasePlace } from "../../../domain/run/database_place.ts";
import { asSentence, grantAdvice } from "../../../domain/process/permission_advice.ts";

/**
 * The database cannot be reached, or the connection was lost before it answered: whether the statement took effect is
 * unknown, and another try may succeed.
 */
export class DatabaseAway extends Error {
  override readonly name = "DatabaseAway";
}

/** PostgreSQL refuses the statement or the connection, and would refuse it again. The message ends with what to do. */
export class DatabaseRefusal extends Error {
  override readonly name = "DatabaseRefusal";
}

const CA_ADVICE = "Name the file of the certificate that signed it with ?sslrootcert=FILE";

/**
 * Temporary errors: the server is stopping, starting, out of connections or read-only, or it aborted a transaction
 * because of another.
 */
const PASSING = /^(08...|57P0[123]|53300|40001|40P01|25006)$/;
/** Errors of sockets. */
const AWAY: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ENOTFOUND: "no such host is known",
  EAI_AGAIN: "its name cannot be resolved at the moment",
  ETIMEDOUT: "it does not answer",
  EHOSTUNREACH: "there is no route to it",
  ENETUNREACH: "there is no route to it",
  ECONNRESET: "it closed the connection",
  EPIPE: "it closed the connection",
  CONNECTION_CLOSED: "it closed the connection",
  CONNECTION_ENDED: "it closed the connection",
  CONNECTION_DESTROYED: "it closed the connection",
  CONNECT_TIMEOUT: "it does not answer",
};

/** Turns an error of the client into one of the two above; returns any other error unchanged. */
export function databaseFailure(error: unknown, place: DatabasePlace): unknown {
  if (!(error instanceof Error) || error instanceof DatabaseAway || error instanceof DatabaseRefusal) {
    return error;
  }
  const where = databaseHost(place);
  // A name lookup without permission fails with EPERM.
  if (error instanceof Deno.errors.NotCapable || (error as { readonly code?: unknown }).code === "EPERM") {
    const advice = Deno.build.standalone
      ? `Build a program for it with "deno task compile --state-host ${where}", or run Penstock from its sources`
      : asSentence(grantAdvice({ net: where }, false));
    return refusal(`no permission to reach ${where}`, advice, error);
  }
  const code = String((error as { readonly code?: unknown }).code ?? "");
  if (code in AWAY) return new DatabaseAway(`${where}: ${AWAY[code]}`, { cause: error });
  if (PASSING.test(code)) return new DatabaseAway(`${where}: ${error.message}`, { cause: error });
  if (/certificate|self.signed|unknown.?issuer|CERT|NotValidForName/i.test(`${code} ${error.message}`)) {
    return refusal(`the certificate of ${where} is not trusted (${error.message})`, CA_ADVICE, error);
  }
  return code === "" ? error : refusal(...refusalOf(code, error.message, place), error);
}

function refusal(what: string, advice: string, cause: Error): DatabaseRefusal {
  return new DatabaseRefusal(`${what}. ${advice}`, { cause });
}

/** Returns what PostgreSQL refused, and what to do about it, by the code of its error. */
function refusalOf(code: string, message: string, place: DatabasePlace): [what: string, advice: string] {
  const { user, database } = place;
  switch (code) {
    case "28P01":
      return [
        `PostgreSQL does not accept the password of ${user}`,
        "Set PGPASSWORD, which takes --allow-env=PGPASSWORD, or name a file with ?passwordfile=FILE",
      ];
    case "28000":
      return [
        `PostgreSQL does not let ${user} connect this way (${message})`,
        "See the server's pg_hba.conf",
      ];
    case "3D000":
      return [`there is no database ${database}`, `Create it: createdb ${database}`];
    case "42501":
      return [`${user} lacks a privilege (${message})`, 'See "Privileges" in docs/fleet.md'];
    case "53100":
      return ["the disk of the database is full", "Free some space there, then start again"];
    default:
      return [`PostgreSQL reports: ${message} (${code})`, "Check the server's log"];
  }
}
