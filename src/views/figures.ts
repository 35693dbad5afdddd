/** Figures as people read them. */

/** Stands for a figure that does not exist. */
export const NONE = "–";

/** A whole number with commas between thousands. */
export function grouped(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A length of time in its two largest units: `1 d 4 h`, `12 m 3 s`, `0.35 s`, `4 ms`. */
export function span(milliseconds: number | null): string {
  if (milliseconds === null) return NONE;
  if (milliseconds < 100) return `${Number(milliseconds.toFixed(1))} ms`;
  const total = Math.round(milliseconds / 1000);
  const days = Math.floor(total / 86_400);
  const hours = Math.floor(total / 3_600) % 24;
  const minutes = Math.floor(total / 60) % 60;
  if (days > 0) return `${grouped(days)} d ${hours} h`;
  if (hours > 0) return `${hours} h ${minutes} m`;
  if (minutes > 0) return `${minutes} m ${total % 60} s`;
  return milliseconds < 10_000 ? `${Number((milliseconds / 1000).toFixed(2))} s` : `${total} s`;
}
