/** Alarms as JSON, for a webhook of any kind. */
import { type ChannelAddress, TOKEN } from "../../domain/alarms/service_address.ts";
import type { Secret } from "../../domain/alarms/secret.ts";
import type { Alarm } from "./alarm.ts";
import { type Channel, type ServiceRequest, textIn } from "./channel.ts";

/** The most characters of an event as JSON; those that Penstock writes have a few hundred. */
const LONGEST_EVENT = 8_000;

/** Returns the alarm, without its event if that is longer than any real one. */
function withShortEvent(alarm: Alarm): Alarm {
  return JSON.stringify(alarm.event).length > LONGEST_EVENT ? { ...alarm, event: null } : alarm;
}

/**
 * Posts the alarm's fields. Every status from 200 to 299 means that the receiver has it. A token replaces `{token}` in
 * the address; if the address has no `{token}`, the token goes into the Authorization header.
 */
export class WebhookChannel implements Channel {
  readonly name: string;
  readonly leastGapMs = 0;
  readonly #address: ChannelAddress;
  readonly #token: Secret | null;
  readonly #agent: string;

  constructor(address: ChannelAddress, token: Secret | null, agent: string) {
    this.name = `webhook at ${address.host}`;
    this.#address = address;
    this.#token = token;
    this.#agent = agent;
  }

  request(alarm: Alarm): ServiceRequest {
    const { origin, path } = this.#address;
    const isInPath = path.includes(TOKEN);
    const token = this.#token?.reveal() ?? "";
    return {
      method: "POST",
      url: origin + path.replace(TOKEN, () => token),
      headers: {
        "Content-Type": "application/json",
        "User-Agent": this.#agent,
        // A structured string, as draft-ietf-httpapi-idempotency-key-header has it.
        "Idempotency-Key": `"${alarm.key}"`,
        ...(this.#token === null || isInPath ? {} : { Authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(withShortEvent(alarm)),
    };
  }

  isTaken(): boolean {
    return true;
  }

  explanation(json: unknown): string | null {
    return textIn(json, "error") ?? textIn(json, "message");
  }

  waitMs(): number {
    return 0;
  }
}
