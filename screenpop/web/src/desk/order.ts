/** The living calls as the desk lists them, and how a call is named and timed.  Pure. */

import type { Call, CaseSummary } from "../lib/records";

export interface CallGroup {
  name: "withAgents" | "waiting" | "inIvr";
  calls: Call[];
}

/** Who is with an agent, who waits (the most urgent first), who still talks to the voice response. */
export function inOrder(calls: readonly Call[], cases: ReadonlyMap<string, CaseSummary>): CallGroup[] {
  const by = (...stages: Call["stage"][]) => calls.filter((call) => stages.includes(call.stage));
  const age = (one: Call, other: Call) => waitingSince(one) - waitingSince(other);
  const priorityOf = (call: Call) => cases.get(call.case_number)?.priority ?? 9;
  const urgency = (one: Call, other: Call) =>
    priorityOf(one) - priorityOf(other) || age(one, other);
  return [
    { name: "withAgents", calls: by("offered", "ringing", "connected").sort(age) },
    { name: "waiting", calls: by("queued").sort(urgency) },
    { name: "inIvr", calls: by("ivr").sort(age) },
  ];
}

/** Who calls, as far as it is known; empty where nothing is. */
export function callerName(call: Call): string {
  return call.contact_name || call.name || call.number;
}

/** The agent a call is offered to, rings at or talks with; empty where there is none. */
export function agentOf(call: Call): string {
  return call.agent ?? call.offers.findLast((offer) => offer.ended_ms === null)?.agent ?? "";
}

/** When the caller's wait began, ms since the epoch: in the queue, before that at the first answer. */
export function waitingSince(call: Call): number {
  return call.marks.queued ?? call.marks.answered ?? 0;
}

/** How long the caller waited, or has waited by now; milliseconds. */
export function waitedMs(call: Call, nowMs: number): number {
  const until = call.marks.connected ?? call.marks.ended ?? nowMs;
  return Math.max(0, until - waitingSince(call));
}
