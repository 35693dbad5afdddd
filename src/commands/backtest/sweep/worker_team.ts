import type { LaneRequest } from "./lane_request.ts";
import { localTeam, type Team } from "./team.ts";

export function workerTeam(
  requests: readonly LaneRequest[],
  configurations: number,
  _workers: number,
): Promise<Team> {
  return localTeam(requests, configurations);
}
