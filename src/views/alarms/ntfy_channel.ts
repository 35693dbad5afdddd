/**
 * Alarms through ntfy, at ntfy.sh or on the user's own server. Source: docs.ntfy.sh, "Publishing", and its server's
 * errors.
 */
import { type ChannelAddress, TOKEN } from "../../domain/alarms/service_address.ts";
import type { Secret } from "../../domain/alarms/secret.ts";
import type { Alarm, AlarmKind, Urgency } from "./alarm.ts";
import { type Channel, type ServiceRequest, textIn } from "./channel.ts";

/** 5 rings until someone looks, 3 is the default, 2 makes no sound. */
const PRIORITIES: Readonly<Record<Urgency, number>> = { urgent: 5, high: 4, usual: 3 };
/** Short codes of emoji, which ntfy puts before the title. */
const TAGS: Readonly<Record<AlarmKind, string>> = {
  halt: "octagonal_sign",
  released: "white_check_mark",
  disconnected: "electric_plug",
  connected: "white_check_mark",
  stopped: "black_square_for_stop",
  dead: "skull",
  resumed: "white_check_mark",
  unreadable: "warning",
  readable: "white_check_mark",
  fill: "moneybag",
  daily: "calendar",
};

/**
 * Publishes to a topic, as JSON. The alarm's key is its sequence id, so that a server of version 2.16 or later shows an
 * alarm only once even if it was sent twice. A token that is not part of the topic goes into the Authorization header.
 */
export class NtfyChannel implements Channel {
  readonly name: string;
  /** A server allows 60 requests at once, then one every 5 s. Its 429 does not say how long to wait. */
  readonly leastGapMs = 0;
  readonly #address: ChannelAddress;
  readonly #token: Secret | null;
  readonly #agent: string;

  constructor(address: ChannelAddress, token: Secret | null, agent: string) {
    this.name = `ntfy at ${address.host}`;
    this.#address = address;
    this.#token = token;
    this.#agent = agent;
  }

  request({ key, kind, urgency, title, text }: Alarm): ServiceRequest {
    const { origin, recipient } = this.#address;
    const token = this.#token?.reveal() ?? "";
    const isTopic = recipient === TOKEN;
    const body = {
      topic: isTopic ? token : recipient,
      title,
      message: text,
      priority: PRIORITIES[urgency],
      tags: [TAGS[kind]],
      sequence_id: key,
    };
    return {
      method: "POST",
      url: `${origin}/`,
      headers: {
        "Content-Type": "application/json",
        "User-Agent": this.#agent,
        ...(this.#token === null || isTopic ? {} : { Authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(body),
    };
  }

  isTaken({ json }: { readonly json: unknown }): boolean {
    return textIn(json, "id") !== null;
  }

  explanation(json: unknown): string | null {
    return textIn(json, "error");
  }

  waitMs({ status }: { readonly status: number }): number {
    return status === 429 ? 5_000 : 0;
  }
}
