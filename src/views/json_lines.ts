/** Events as JSON, one object per line, on standard output. */
import type { PenstockEvent } from "../domain/run/event.ts";
import type { TextOutput } from "./standard_output.ts";
import { printableJson } from "./terminal/terminal.ts";
import type { View } from "./view.ts";

/** Shows every event as it is, and no line of the log. */
export class JsonLines implements View {
  readonly showsAll = true;
  readonly #output: TextOutput;

  constructor(output: TextOutput) {
    this.#output = output;
  }

  event(event: PenstockEvent): void {
    this.#output.add(`${printableJson(event)}\n`);
  }

  log(): void {}

  settle(): void {
    this.#output.flush();
  }

  ready(): Promise<void> | null {
    return this.#output.ready();
  }

  get broken(): Error | null {
    return this.#output.broken;
  }

  close(): Promise<void> {
    return this.#output.close();
  }
}
