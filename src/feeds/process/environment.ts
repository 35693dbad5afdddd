/**
 * Settings of the runtime that the environment can change without the program's knowledge. Anyone who sets a process's
 * environment owns the process. Penstock names these settings so that nobody has one set unknowingly.
 */

/** A variable that the runtime reads before the program starts, or past its permissions. */
export interface RuntimeSetting {
  readonly name: string;
  /** What it does, as a clause after "which". */
  readonly effect: string;
  /** Present if people set it for a good reason: because their network signs the traffic itself. */
  readonly isCommon?: true;
}

/** The settings of Deno 2.9. */
export const RUNTIME_SETTINGS: readonly RuntimeSetting[] = [
  { name: "DENO_PERMISSION_BROKER_PATH", effect: "lets another program grant every permission" },
  { name: "NODE_OPTIONS", effect: "can run other code before the program" },
  { name: "DENO_UNSTABLE_CONTROL_SOCK", effect: "makes the process wait for commands on a socket" },
  { name: "DENO_V8_FLAGS", effect: "changes the engine and can write files anywhere" },
  { name: "SSLKEYLOGFILE", effect: "writes the keys of encrypted connections to a file" },
  { name: "DENO_COVERAGE_DIR", effect: "writes files anywhere" },
  { name: "NODE_V8_COVERAGE", effect: "writes files anywhere" },
  { name: "DENO_AUDIT_PERMISSIONS", effect: "writes a file anywhere" },
  { name: "NODE_EXTRA_CA_CERTS", effect: "adds a certificate authority for every host", isCommon: true },
  { name: "DENO_CERT", effect: "adds a certificate authority for every host", isCommon: true },
  { name: "DENO_TLS_CA_STORE", effect: "chooses which certificate authorities are trusted", isCommon: true },
  { name: "NODE_TLS_REJECT_UNAUTHORIZED", effect: "can switch off certificate checks" },
  { name: "DENO_CONNECTED", effect: "contacts a host of Deno's before the start" },
  { name: "OTEL_DENO", effect: "can post the log to any host, past the list of those allowed" },
];

/** Every variable that the program may read: these settings, and what kind of terminal it writes to. */
export const READ_VARIABLES: readonly string[] = [...RUNTIME_SETTINGS.map(({ name }) => name), "TERM"];

/** Those that are set, as far as this process may read them; an empty value has no effect. */
export function settingsInForce(): RuntimeSetting[] {
  return RUNTIME_SETTINGS.filter(({ name }) => {
    const isReadable = Deno.permissions.querySync({ name: "env", variable: name }).state === "granted";
    return isReadable && Deno.env.get(name);
  });
}

/** A sentence about a setting that is set. */
export function settingText({ name, effect }: RuntimeSetting): string {
  return `the environment sets ${name}, which ${effect}: unset it if you did not set it`;
}
