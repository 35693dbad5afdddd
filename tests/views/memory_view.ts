/** A made-up view for tests. It keeps everything that it gets. */
import type { PenstockEvent } from "../../src/domain/run/event.ts";
import type { Glance, Line, Report, View } from "../../src/views/view.ts";

/** Keeps what a run shows, and counts how often it was closed. */
export class MemoryView implements View {
  readonly showsAll = true;
  readonly events: PenstockEvent[] = [];
  readonly lines: Line[] = [];
  readonly glances: Glance["of"][] = [];
  readonly reports: Report[] = [];
  settled = 0;
  closed = 0;
  readonly broken = null;

  event(event: PenstockEvent): void {
    if (this.closed > 0) throw new TypeError(`${event.type} came after the close`);
    this.events.push(event);
  }

  log(line: Line): void {
    this.lines.push(line);
  }

  settle(): void {
    this.settled = this.events.length;
  }

  glance({ of }: Glance): void {
    this.glances.push(of);
  }

  report(report: Report): void {
    this.reports.push(report);
  }

  ready(): null {
    return null;
  }

  close(): Promise<void> {
    this.closed++;
    return Promise.resolve();
  }
}
