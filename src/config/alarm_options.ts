/** The options for the alarms of a watched run: a part of the table in options.ts. */
import { alarmChoiceIn, USUAL_ALARMS } from "../domain/alarms/alarm_choice.ts";
import { channelsIn, pingIn, UnusableAddress } from "../domain/alarms/service_address.ts";
import { anyText, NotAllowed } from "./option_values.ts";
import { optionIn } from "./option.ts";

const alarms = optionIn("alarms");
const WATCH = ["watch"] as const;

/** The file that remembers which alarms were sent, unless another is named. */
const DEFAULT_MEMORY = "data/alarms.json";

/** A key is the option's name in the configuration file. */
export const ALARM_OPTIONS = {
  notify: alarms({
    default: null,
    read: channels,
    value: "URL",
    commands: WATCH,
    repeats: true,
    isPrivate: true,
    help:
      "send alarms there; may be given more than once: https://HOST/PATH, ntfy://HOST/TOPIC, telegram://CHAT or " +
      "discord://WEBHOOK",
  }),
  notifyOn: alarms({
    default: USUAL_ALARMS,
    read: choice,
    value: "EVENT,...",
    commands: WATCH,
    help:
      "what alarms are sent for: halt, disconnected, disconnected>DURATION, stopped, fill, daily; quote the >",
  }),
  notifyTokens: alarms({
    default: null,
    read: anyText,
    value: "FILE",
    commands: WATCH,
    help: "the tokens of these services: a line for each with its address and its token, or one token alone",
  }),
  notifyMemory: alarms({
    default: DEFAULT_MEMORY,
    read: anyText,
    value: "FILE",
    commands: WATCH,
    help: "remembers which alarms were sent, so that a restart loses none",
  }),
  ping: alarms({
    default: null,
    read: ping,
    value: "URL",
    commands: WATCH,
    takesDuration: true,
    isPrivate: true,
    help:
      "a dead man's switch: request this address every minute, or every DURATION that follows it, while every run " +
      "is alive, connected and not halted",
  }),
};

/** A reader of addresses. The value holds them separated by spaces. */
function channels(text: string): string {
  return refusing(() => channelsIn(text).map((channel) => channel.text).join(" "));
}

/** A reader of a dead man's switch. */
function ping(text: string): string {
  return refusing(() => (pingIn(text), text));
}

function choice(text: string): string {
  const found = alarmChoiceIn(text);
  if (typeof found === "string") throw new NotAllowed(found);
  return text;
}

function refusing(read: () => string): string {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof UnusableAddress)) throw error;
    throw new NotAllowed(error.message.replace(/^expected /, ""));
  }
}
