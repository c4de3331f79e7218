/** What the server knows of calls, cases and agents: field for field `domain/records.py`. */

export type Match = "one" | "several" | "none" | "withheld";
export type Stage = "ivr" | "queued" | "offered" | "ringing" | "connected" | "ended";
export type PresenceState = "ready" | "break" | "wrapup" | "away";
export type PhoneKind = "browser" | "phone";
export type MissCause = "no_browser" | "hidden_tab" | "slow" | "browser_gone";
export type Outcome = "answered" | "abandoned_ivr" | "abandoned_queue" | "failed";

/** A word with its place in the recording, seconds from its start, and its confidence 0–1. */
export interface SpokenWord {
  text: string;
  start_s: number;
  end_s: number;
  confidence: number;
}

/** A case in short; `because` has the deciding words for each judged field. */
export interface CaseSummary {
  number: string;
  title: string;
  service: string;
  category: string;
  impact: string;
  urgency: string;
  priority: number;
  because: Record<string, string[]>;
  has_statement: boolean;
  opened_ms: number;
  status: string;
}

/** A knowledge-base article for this case; score 0–1; the caller's words that matched it. */
export interface Suggestion {
  article: string;
  title: string;
  score: number;
  because: string[];
}

/** One attempt to put the call through to an agent; null where it did not come so far. */
export interface Offer {
  offer_id: string;
  agent: string;
  offered_ms: number;
  shown_ms: number | null;
  missed: MissCause | null;
  ringing_ms: number | null;
  connected_ms: number | null;
  ended_ms: number | null;
  reason: string;
}

/** A call as a whole; `marks` maps each step of the timeline to its time (ms since the epoch). */
export interface Call {
  call_id: string;
  stage: Stage;
  sip_call_id: string;
  number: string;
  name: string;
  codec: string;
  match: Match;
  how: string;
  contact_id: number | null;
  contact_name: string;
  language: string;
  partial: string;
  transcript: string;
  confidence: number | null;
  words: SpokenWord[];
  case: CaseSummary | null;
  open_cases: CaseSummary[];
  suggestions: Suggestion[];
  similar: CaseSummary[];
  queue: string;
  position: number | null;
  agent: string | null;
  offers: Offer[];
  marks: Record<string, number>;
  dialogue: string;
  outcome: Outcome | null;
}

/** What an agent is doing, since when, and at which phone. `error`: why a wish was refused. */
export interface Agent {
  username: string;
  presence: PresenceState;
  reason: string;
  phone: PhoneKind;
  since_ms: number;
  error?: string;
}
