/** The right to add to a log in a PostgreSQL database. */
import { databaseHost } from "../../../domain/run/database_place.ts";
import type { Addition, EntryLog, Holding, KeptHeartbeat, LogLease, StoreAway } from "../entry_log.ts";
import { damaged, JournalError } from "../journal_error.ts";
import { EntryNotices, notify } from "./change_notices.ts";
import { APPEND, appendValues, HEARTBEAT, heartbeatValues } from "./append_statement.ts";
import { DatabaseAway, DatabaseRefusal } from "./database_failure.ts";
import { DatabaseLink, type Patience } from "./database_link.ts";
import type { DatabaseSession } from "./database_session.ts";
import { leaseRow, type LeaseToken, releaseLease, renewLease } from "./lease_row.ts";
import { renewalEveryMs, rowLifetimeMs } from "./lease_time.ts";
import { PostgresLog } from "./postgres_log.ts";
import { storeFailure } from "./store_failure.ts";

/** How long a run that was asked to stop waits for an unreachable database, and how often it checks that, ms. */
const GRACE_MS = 1_000;
const CHECK_MS = 100;

/** Once the lease is held, waits without limit for an unreachable database; nothing is decided meanwhile. */
export class LeasePatience implements Patience {
  readonly signal: AbortSignal;
  /** Set once the lease is held. */
  isHeld = false;
  readonly #onAway: (away: StoreAway | null) => void;
  #isAway = false;

  constructor({ signal, onAway }: Pick<Holding, "signal" | "onAway">) {
    this.signal = signal;
    this.#onAway = onAway;
  }

  readonly continues = (failures: number): boolean => this.isHeld || failures < 2;

  readonly onAway = (what: string | null, since: number): void => {
    const isAway = what !== null;
    if (!this.isHeld || isAway === this.#isAway) return;
    this.#isAway = isAway;
    this.#onAway(isAway ? { what, since } : null);
  };
}

/** The lease of one journal, renewed as long as it is held. */
export class PostgresLease implements LogLease {
  readonly log: EntryLog;
  readonly #path: string;
  readonly #link: DatabaseLink;
  readonly #holding: Holding;
  readonly #own: LeaseToken;
  readonly #lifetimeMs: number;
  readonly #name: string;
  readonly #notices: EntryNotices;
  readonly #renewals: ReturnType<typeof setInterval>;
  readonly #onAbort = (): void => this.#endWaits();
  #grace: ReturnType<typeof setInterval> | undefined;
  #isRenewing = false;
  #lost: JournalError | null = null;

  /** Takes ownership of `link`, and closes it. `patience` is that of the link. */
  constructor(link: DatabaseLink, patience: LeasePatience, own: LeaseToken, path: string, holding: Holding) {
    this.#link = link;
    this.#own = own;
    this.#path = path;
    this.#holding = holding;
    this.#lifetimeMs = rowLifetimeMs(holding.leaseMs);
    this.#name = link.place.journal ?? "";
    this.#notices = new EntryNotices(link, this.#name);
    this.log = new PostgresLog(link, own.journal, path, "leased");
    patience.isHeld = true;
    this.#renewals = setInterval(() => void this.#renew(), renewalEveryMs(holding.leaseMs));
    holding.signal.addEventListener("abort", this.#onAbort);
  }

  async append(addition: Addition): Promise<void> {
    try {
      await this.#link.use(async (session) => {
        if (this.#lost !== null) throw this.#lost;
        const values = appendValues(this.#own, this.#lifetimeMs, addition);
        const [row] = await session.query(APPEND, values);
        if (row?.["held"] !== "1") await this.#explain(session, addition);
      });
      this.#notices.changed();
    } catch (error) {
      throw storeFailure("write to", this.#path, error);
    }
  }

  async writeHeartbeat(heartbeat: KeptHeartbeat): Promise<void> {
    try {
      if (this.#lost !== null) throw this.#lost;
      await this.#link.useIfOpen(async (session) => {
        const [row] = await session.query(HEARTBEAT, heartbeatValues(this.#own, this.#lifetimeMs, heartbeat));
        if (row?.["held"] !== "1") throw await this.#taken(session);
      });
      this.#notices.changed();
    } catch (error) {
      // The heartbeat is lost. The next addition to the journal, or read of it, reconnects.
      if (!(error instanceof DatabaseAway)) throw storeFailure("write to", this.#path, error);
    }
  }

  /** Throws the JournalError that an addition would throw, once another process is known to have the lease. */
  loss(): Promise<string | null> {
    return this.#lost === null ? Promise.resolve(null) : Promise.reject(this.#lost);
  }

  /**
   * Renews the lease in `session`, which may be new. A loss is then noticed at once instead of at the next addition.
   * Throws a JournalError if another process has the lease.
   */
  async resume(session: DatabaseSession): Promise<void> {
    if (!await renewLease(session, this.#own, this.#lifetimeMs)) throw await this.#taken(session);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#renewals);
    clearInterval(this.#grace);
    this.#holding.signal.removeEventListener("abort", this.#onAbort);
    try {
      await this.#notices[Symbol.asyncDispose]();
      await this.#link.useIfOpen(async (session) => {
        await releaseLease(session, this.#own, GRACE_MS);
        await notify(session, "freed", this.#name, GRACE_MS);
      });
    } catch (error) {
      // The lease then expires by itself. What ended the run, such as a full disk, was reported before.
      const isKnown = error instanceof DatabaseAway || error instanceof DatabaseRefusal;
      if (!isKnown) throw storeFailure("write to", this.#path, error);
    } finally {
      await this.log[Symbol.asyncDispose]();
    }
  }

  /** From now on, no wait may last longer than the grace period. */
  #endWaits(): void {
    const from = performance.now();
    this.#grace = setInterval(() => {
      const since = this.#link.waitsSince;
      if (since !== null && performance.now() - Math.max(from, since) >= GRACE_MS) this.#link.abandon();
    }, CHECK_MS);
  }

  /** Renews the lease. A failure shows at the next addition or heartbeat. */
  async #renew(): Promise<void> {
    if (this.#isRenewing || this.#lost !== null) return;
    this.#isRenewing = true;
    try {
      await this.#link.useIfOpen((session) => this.resume(session));
    } catch {
      // A lease that was taken over is in `#lost`; whatever needs an unreachable database waits for it.
    } finally {
      this.#isRenewing = false;
    }
  }

  /** Throws the reason why an addition was not made; returns if it was made, and only its answer was lost. */
  async #explain(session: DatabaseSession, { head }: Addition): Promise<void> {
    const row = await leaseRow(session, this.#own.journal);
    if (row?.token !== this.#own.token) throw await this.#taken(session);
    const isMade = row.head.seq === head.seq && row.head.hash.toHex() === head.hash.toHex();
    if (isMade) return;
    throw damaged(this.#path, `it ends at entry ${row.head.seq}, but this process left it at another`);
  }

  /** The error that says who holds the lease now. */
  async #taken(session: DatabaseSession): Promise<JournalError> {
    const holder = (await leaseRow(session, this.#own.journal))?.holder ?? "another process";
    return this.#lost ??= new JournalError(
      `Cannot keep using the journal ${this.#path}: ${holder} has taken it over, because this process had not reached ` +
        `${databaseHost(this.#link.place)} in time. That process continues the run, and this one must not.`,
    );
  }
}
