/** The options for watching a run: a part of the table in options.ts. They concern a process other than the run. */
import { anyText, NotAllowed, onOff } from "./option_values.ts";
import { optionIn } from "./option.ts";

const watch = optionIn("watch");

/** An address to listen on. */
export interface ListenAddress {
  /** An IP address of this machine, without brackets. */
  readonly hostname: string;
  readonly port: number;
}

/** A key is the option's name in the configuration file. */
export const WATCH_OPTIONS = {
  listen: watch({
    default: "127.0.0.1:8080",
    read: listenAddress,
    value: "ADDRESS:PORT",
    commands: ["watch", "demo"],
    help: "where the live page is; port 0 takes any free one; beyond loopback it needs --token",
  }),
  token: watch({
    default: null,
    read: anyText,
    value: "FILE",
    commands: ["watch"],
    help: "answer only requests with the token in this file, which is created if it is missing",
  }),
  watch: watch({
    default: "off",
    read: onOff,
    value: null,
    commands: ["demo"],
    help: "also serve the live page of this demo, whose journal is data/demo.db without --state",
  }),
};

/** An address as the command line writes it. */
export function listenText({ hostname, port }: ListenAddress): string {
  return `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
}

/** Whether it is every address of this machine. */
export function isAnywhere({ hostname }: ListenAddress): boolean {
  return hostname === "0.0.0.0" || hostname === "::";
}

/** The host names of requests to this address itself. No other site can make an IP address its own name. */
export function namesOf(listen: ListenAddress): readonly string[] {
  return isAnywhere(listen) ? [] : [new URL(`http://${listenText(listen)}`).hostname];
}

/** Whether an address can be reached from this machine only. */
export function isLoopback({ hostname }: ListenAddress): boolean {
  return hostname === "::1" || hostname.startsWith("127.");
}

/** A reader of addresses: an IP address and a port, such as `127.0.0.1:8080` or `[::1]:8080`. */
function listenAddress(text: string): ListenAddress {
  const [, host = "", port = ""] = /^(\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:.]+\]):(\d{1,5})$/i.exec(text) ?? [];
  const hostname = URL.parse(`http://${host}`)?.hostname;
  if (hostname === undefined || hostname === "" || Number(port) > 65_535) {
    throw new NotAllowed("an IP address of this machine and a port, such as 127.0.0.1:8080 or [::1]:8080");
  }
  return { hostname: hostname.replace(/^\[|\]$/g, ""), port: Number(port) };
}
