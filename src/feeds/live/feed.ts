/** The seam between where trades come from and what runs on them. */
import type { DisconnectCause } from "../../domain/market/disconnect_cause.ts";

/** What a feed delivers: messages as they arrived and events of the connection, in order. */
export type Batch =
  | {
    readonly kind: "messages";
    readonly messages: readonly string[];
    /** When the last of them was received, ms since 1970. */
    readonly receivedAt: number;
  }
  | {
    readonly kind: "connected";
    readonly endpoint: string;
    /** 1 when it was the first try since data last flowed. */
    readonly attempt: number;
  }
  | {
    readonly kind: "disconnected";
    readonly cause: DisconnectCause;
    /** The cause and its details, for people. */
    readonly reason: string;
    readonly retryInMs: number;
    /** What the user can do about it, or null. */
    readonly hint: string | null;
  }
  | {
    /** Information for the log; it changes nothing. */
    readonly kind: "notice";
    readonly message: string;
  };

/** Where trades come from. Iterating it runs it; it ends when its signal is aborted or its input does. */
export interface Feed extends AsyncIterable<Batch> {
  /** Drops data that has arrived and was not delivered, and connects again; absent if there is no connection. */
  readonly drop?: (reason: string) => void;
}
