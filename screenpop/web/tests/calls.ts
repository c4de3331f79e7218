/** Calls, offers and agents for the tests: what matters is said, the rest is ordinary. */

import type { AgentState, Call, CaseSummary, Offer } from "../src/lib/records";

export function aCall(callId: string, given: Partial<Call> = {}): Call {
  return {
    call_id: callId,
    dialled: "100",
    desk: "it",
    why: "open",
    node: "main",
    stage: "queued",
    sip_call_id: "",
    number: "+46701740605",
    name: "",
    codec: "alaw",
    match: "one",
    how: "ani",
    contact_id: 1,
    contact_name: "Maria Lind",
    language: "en",
    transcript: "",
    confidence: null,
    words: [],
    statement_id: "",
    case_number: "",
    suggestions: [],
    similar: [],
    queue: "support",
    position: 1,
    agent: null,
    offers: [],
    marks: { answered: 1000, queued: 2000 },
    dialogue: "done",
    outcome: null,
    ...given,
  };
}

export function anOffer(offerId: string, given: Partial<Offer> = {}): Offer {
  return {
    offer_id: offerId,
    agent: "anna",
    offered_ms: 3000,
    shown_ms: null,
    missed: null,
    ringing_ms: null,
    connected_ms: null,
    ended_ms: null,
    reason: "",
    ...given,
  };
}

export function anAgent(given: Partial<AgentState> = {}): AgentState {
  return {
    username: "anna",
    presence: "ready",
    reason: "",
    phone: "browser",
    since_ms: 0,
    phones: { browser: "idle", phone: "unavailable" },
    reachable: true,
    calls: [],
    next: null,
    next_reason: "",
    wrapup_until_ms: null,
    misses: 0,
    refusals: 0,
    away_because: "",
    ...given,
  };
}

export function aCase(number: string, given: Partial<CaseSummary> = {}): CaseSummary {
  return {
    number,
    version: 1,
    status: "open",
    title: "The printer is out of toner",
    service: "printing",
    category: "incident",
    impact: "one",
    urgency: "hindered",
    priority: 4,
    because: {},
    assumed: [],
    agent: "",
    contact_id: 1,
    contact_name: "Maria Lind",
    desk: "it",
    has_statement: false,
    opened_ms: 1000,
    changed_ms: 1000,
    ...given,
  };
}
