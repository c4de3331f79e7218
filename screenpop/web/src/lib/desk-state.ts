/**
 * What the desk knows, as a pure function: `apply(state, message) -> state`.
 *
 * Rules: a call is mine while it is offered to me, rings at me or is connected with me. A call that
 * ends while it is mine stays until it is dismissed, so that its pop lasts through the wrap-up. A new
 * call of mine comes to the front only where no living call of mine is there: it never overwrites. Cases are
 * held by number; what is known of one is never replaced by what is older.
 */

import type {
  AgentState,
  Call,
  CallerCard,
  CaseSummary,
  Frame,
  Offer,
  PartialFrame,
  PendingOffer,
  Person,
  SnapshotFrame,
} from "./records";

/** So many ended calls of mine are kept; the oldest goes first. */
const MOST_ENDED = 3;

export interface DeskState {
  readonly epoch: string;
  readonly cursor: number;
  readonly me: AgentState | null;
  /** Everybody at the desk by username, and how those are who have said so. */
  readonly people: ReadonlyMap<string, Person>;
  readonly agents: ReadonlyMap<string, AgentState>;
  /** Living calls, and my ended ones. */
  readonly calls: ReadonlyMap<string, Call>;
  /** Cases that are or were on the screen, by number. */
  readonly cases: ReadonlyMap<string, CaseSummary>;
  /** Who calls, by call id, as it came with the offer. */
  readonly callers: ReadonlyMap<string, CallerCard>;
  /** The words so far of callers who still talk, by call id. */
  readonly partials: ReadonlyMap<string, string>;
  /** Call ids of mine in the order they came. */
  readonly mine: readonly string[];
  /** The call whose pop is shown in the middle. */
  readonly front: string | null;
  /** Offers that wait for being painted. */
  readonly offers: readonly PendingOffer[];
}

export const NOTHING_KNOWN: DeskState = {
  epoch: "",
  cursor: 0,
  me: null,
  people: new Map(),
  agents: new Map(),
  calls: new Map(),
  cases: new Map(),
  callers: new Map(),
  partials: new Map(),
  mine: [],
  front: null,
  offers: [],
};

/** The state after the message. */
export function apply(state: DeskState, message: Frame): DeskState {
  switch (message.type) {
    case "snapshot":
      return fromSnapshot(state, message);
    case "resumed":
      return settle(withOffers({ ...state, cursor: message.cursor, offers: [] }, message.offers));
    case "call":
      return settle(withCall({ ...state, cursor: message.cursor }, message.call));
    case "case":
      return knowing({ ...state, cursor: message.cursor }, [message.case]);
    case "cases":
      return knowing(state, message.cases);
    case "partial":
      return withPartial(state, message);
    case "presence":
      return withAgent({ ...state, cursor: message.cursor }, message.agent);
    case "people":
      return { ...state, cursor: message.cursor, people: byUsername(message.people) };
    case "offer":
      return settle(withOffers(state, [message]));
    case "error":
      return state;
  }
}

/** The state with these cases in it, where they are not known better. */
export function knowing(state: DeskState, summaries: readonly CaseSummary[]): DeskState {
  const news = summaries.filter(({ number, version }) => version >= (state.cases.get(number)?.version ?? 0));
  if (news.length === 0) return state;
  const cases = new Map(state.cases);
  for (const summary of news) cases.set(summary.number, summary);
  return { ...state, cases };
}

/** The state with what is known of who calls, and their cases. */
export function withCaller(state: DeskState, callId: string, caller: CallerCard | null): DeskState {
  if (caller === null) return state;
  const callers = new Map(state.callers).set(callId, caller);
  return knowing({ ...state, callers }, [...caller.open_cases, ...caller.earlier_cases]);
}

/** The agent looks at this call, or (null) at their own again. */
export function look(state: DeskState, callId: string | null): DeskState {
  const front = callId ?? state.mine.find((id) => isLiving(state, id)) ?? state.mine.at(-1) ?? null;
  return front === null || state.calls.has(front) ? { ...state, front } : state;
}

/** The agent is done with an ended call. A living one stays. */
export function dismiss(state: DeskState, callId: string): DeskState {
  if (isLiving(state, callId)) return state;
  return settle(without(state, callId));
}

/** The offer of this call to this agent that is still open. */
export function openOffer(call: Call, agent: string): Offer | null {
  return call.offers.find((offer) => offer.agent === agent && offer.ended_ms === null) ?? null;
}

function fromSnapshot(before: DeskState, message: SnapshotFrame): DeskState {
  const calls = new Map(message.calls.map((call) => [call.call_id, call]));
  for (const id of before.mine) {
    const known = before.calls.get(id);
    // Ended while the connection was away: its pop stays like that of any ended call.
    if (known !== undefined && !calls.has(id)) calls.set(id, { ...known, stage: "ended" });
  }
  const mine = [...before.mine, ...wrappingUp(message).filter((id) => !before.mine.includes(id))];
  const { epoch, cursor, me } = message;
  const agents = new Map(message.agents.map((agent) => [agent.username, agent]));
  const people = byUsername(message.people);
  const known = { ...before, epoch, cursor, me, agents, people, calls, partials: new Map(), mine, offers: [] };
  return settle(withOffers(knowing(known, message.cases), message.offers));
}

function byUsername(people: readonly Person[]): ReadonlyMap<string, Person> {
  return new Map(people.map((person) => [person.username, person]));
}

/** My call that I am still wrapping up: the server tells of it, so that a reload does not lose its pop. */
function wrappingUp({ me, calls }: SnapshotFrame): string[] {
  if (me.presence !== "wrapup") return [];
  const ended = calls.filter((call) => call.stage === "ended" && call.agent === me.username);
  ended.sort((one, other) => (one.marks.ended ?? 0) - (other.marks.ended ?? 0));
  return ended.slice(-1).map((call) => call.call_id);
}

function withCall(state: DeskState, call: Call): DeskState {
  const previous = state.calls.get(call.call_id);
  const calls = new Map(state.calls).set(call.call_id, call);
  const me = state.me?.username;
  const justConnected = call.stage === "connected" && call.agent === me && previous?.stage !== "connected";
  const partials = isUnderstood(previous, call) ? withoutKey(state.partials, call.call_id) : state.partials;
  return { ...state, calls, partials, front: justConnected ? call.call_id : state.front };
}

/** Whether what the caller was saying has been understood, or nobody listens any more. */
function isUnderstood(previous: Call | undefined, call: Call): boolean {
  return call.stage !== "ivr" || call.dialogue !== "" || call.transcript !== (previous?.transcript ?? "");
}

function withPartial(state: DeskState, { call_id, text }: PartialFrame): DeskState {
  if (state.calls.get(call_id)?.stage !== "ivr") return state;
  return { ...state, partials: new Map(state.partials).set(call_id, text) };
}

function withoutKey<Value>(map: ReadonlyMap<string, Value>, key: string): ReadonlyMap<string, Value> {
  if (!map.has(key)) return map;
  const rest = new Map(map);
  rest.delete(key);
  return rest;
}

function withAgent(state: DeskState, agent: AgentState): DeskState {
  const agents = new Map(state.agents).set(agent.username, agent);
  return { ...state, agents, me: agent.username === state.me?.username ? agent : state.me };
}

/** The offers, with who calls and the cases that their pops show. */
function withOffers(state: DeskState, offers: readonly PendingOffer[]): DeskState {
  return offers.reduce((before, offer) => {
    const known = knowing(withCaller(before, offer.call_id, offer.caller), offer.cases);
    const others = known.offers.filter((other) => other.offer_id !== offer.offer_id);
    return { ...known, offers: [...others, offer] };
  }, state);
}

/** Brings `mine`, `front` and `offers` in line with what is known of the calls. */
function settle(state: DeskState): DeskState {
  const offers = state.offers.filter((offer) => !isOver(state.calls.get(offer.call_id), offer));
  const calls = new Map(state.calls);
  const mine = state.mine.filter((id) => calls.has(id));
  for (const call of state.calls.values()) {
    const known = mine.includes(call.call_id);
    const now = isMine(call, state.me?.username ?? "", offers) || (known && call.stage === "ended");
    if (now && !known) mine.push(call.call_id);
    if (!now && known) mine.splice(mine.indexOf(call.call_id), 1);
    if (!now && call.stage === "ended") calls.delete(call.call_id);
  }
  const ended = mine.filter((id) => calls.get(id)?.stage === "ended");
  for (const id of ended.slice(0, Math.max(0, ended.length - MOST_ENDED))) {
    mine.splice(mine.indexOf(id), 1);
    calls.delete(id);
  }
  return { ...state, calls, mine, offers, front: chooseFront(state, calls, mine) };
}

function chooseFront(
  before: DeskState,
  calls: ReadonlyMap<string, Call>,
  mine: readonly string[],
): string | null {
  const isAlive = (id: string) => calls.get(id)?.stage !== "ended";
  const living = mine.filter(isAlive);
  const current = before.front !== null && calls.has(before.front) ? before.front : null;
  const came = living.find((id) => !before.mine.includes(id));
  const wasFree = !before.mine.some((id) => isAlive(id) && calls.has(id));
  if (came !== undefined && wasFree) return came;
  return current ?? living[0] ?? mine.at(-1) ?? null;
}

function isMine(call: Call, me: string, offers: readonly PendingOffer[]): boolean {
  if (call.stage === "ended") return false;
  if (offers.some((offer) => offer.call_id === call.call_id)) return true;
  if (call.stage === "connected") return call.agent === me;
  return openOffer(call, me) !== null;
}

function isOver(call: Call | undefined, pending: PendingOffer): boolean {
  if (call === undefined) return false;
  const offer = call.offers.find((one) => one.offer_id === pending.offer_id);
  return call.stage === "ended" || (offer !== undefined && offer.ended_ms !== null);
}

function isLiving(state: DeskState, callId: string): boolean {
  const call = state.calls.get(callId);
  return call !== undefined && call.stage !== "ended";
}

function without(state: DeskState, callId: string): DeskState {
  const calls = new Map(state.calls);
  calls.delete(callId);
  return { ...state, calls, mine: state.mine.filter((id) => id !== callId) };
}
