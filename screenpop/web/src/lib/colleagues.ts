/** How agents are, in words, and the order in which they are listed.  Pure. */

import type { AgentState, Person } from "./records";

/** What is so now: like the presence, but ready means reachable. */
export type AgentNow = "ready" | "talking" | "wrapup" | "break" | "away" | "unreachable";

const ORDER: readonly AgentNow[] = ["ready", "talking", "wrapup", "break", "unreachable", "away"];

export interface Colleague {
  person: Person;
  agent: AgentState | null;
  now: AgentNow;
}

/** How this agent is; whom nobody has heard of is away. */
export function agentNow(agent: AgentState | null): AgentNow {
  if (agent === null) return "away";
  if (agent.calls.length > 0) return "talking";
  if (agent.presence === "ready" && !agent.reachable) return "unreachable";
  if (agent.presence === "away" && agent.away_because === "unreachable") return "unreachable";
  return agent.presence;
}

/** Everybody else: who can take a call first, then by name. */
export function colleagues(
  people: ReadonlyMap<string, Person>,
  agents: ReadonlyMap<string, AgentState>,
  me: string,
): Colleague[] {
  const listed = [...people.values()]
    .filter(({ username }) => username !== me)
    .map((person) => {
      const agent = agents.get(person.username) ?? null;
      return { person, agent, now: agentNow(agent) };
    });
  return listed.sort(
    (one, other) =>
      ORDER.indexOf(one.now) - ORDER.indexOf(other.now) || one.person.name.localeCompare(other.person.name),
  );
}
