/**
 * What the server and its pages say to each other. Made from the server's own records by
 * `python -m screenpop.page_types`: change it there.
 */

/** A user as pages see them. */
export interface PageUser {
  username: string;
  name: string;
  role: string;
  language: string;
}

/** What a telephone in the page needs to register. */
export interface SipAccount {
  uri: string;
  username: string;
  password: string;
  ws_url: string;
}

/** Who is logged in; an account is null where it was not set up. */
export interface Me {
  user: PageUser;
  csrf: string;
  phone: SipAccount | null;
  webcaller: SipAccount | null;
  support_number: string;
  break_reasons: string[];
}

export type Impact = "one" | "several" | "everyone";

export type Urgency = "works" | "hindered" | "stopped";

export type Priority = 1 | 2 | 3 | 4 | 5;

export type Judged = "service" | "category" | "impact" | "urgency";

/** A word with its place in the recording, seconds from its start, and its confidence 0–1. */
export interface SpokenWord {
  text: string;
  start_s: number;
  end_s: number;
  confidence: number;
}

export type Status = "open" | "pending" | "resolved" | "closed";

/** A case as it is now. */
export interface Case {
  title: string;
  description: string;
  service: string;
  category: string;
  impact: Impact;
  urgency: Urgency;
  priority: Priority;
  language: string;
  because: Partial<Record<Judged, string[]>>;
  contact_id: number | null;
  contact_name: string;
  caller_number: string;
  call_id: string;
  statement: string;
  words: SpokenWord[];
  number: string;
  status: Status;
  opened_ms: number;
  changed_ms: number;
}

/** A field before and after, as it is kept: text, number, list or table of these. */
export interface Change {
  old: unknown;
  new: unknown;
}

/** One append-only line of a case's history: who changed what, when and why. */
export interface HistoryEntry {
  at_ms: number;
  by: string;
  what: string;
  changes: Record<string, Change>;
}

/** A knowledge-base article for this case; score 0–1; the caller's words that matched it. */
export interface Suggestion {
  article: string;
  title: string;
  score: number;
  because: string[];
}

/** A case, its history, and what was suggested during its call. */
export interface CaseAnswer {
  case: Case;
  history: HistoryEntry[];
  suggestions: Suggestion[];
}

/** An article; `html` is its Markdown, safe to be put into a page. */
export interface ArticleAnswer {
  key: string;
  language: string;
  title: string;
  service: string;
  category: string;
  body: string;
  keywords: string[];
  examples: string[];
  desk: string;
  html: string;
}

export type AuditKind = "logged_in" | "login_refused" | "password_changed" | "agent_added" | "agent_removed" | "role_changed" | "statement_heard" | "settings_changed" | "contact_erased";

/** `actor` is a username, or COMMAND_LINE; `values` what it was done to (`{"case": "C-000001"}`). */
export interface AuditEntry {
  id: number;
  at_ms: number;
  actor: string;
  kind: AuditKind;
  values: Record<string, string>;
}

/** The newest first; `older_than` is what to ask for next (`?before=`), null where that is all. */
export interface AuditAnswer {
  entries: AuditEntry[];
  older_than: number | null;
}

/** The body of the request. */
export interface PasswordChange {
  old: string;
  new: string;
}

export type Language = "en" | "sv" | "nb";

export type Weekday = "mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun";

/** Open from `opens` to `closes` on these days; local wall time as `HH:MM`, `24:00` is midnight. */
export interface Span {
  days: Weekday[];
  opens: string;
  closes: string;
}

/** When somebody answers. No spans: always. `holidays` names a country (`SE`): closed on its days off. */
export interface OpeningHours {
  spans: Span[];
  time_zone: string;
  holidays: string;
  closed_days: string[];
}

export type WhenClosed = "queue" | "case" | "announce";

export type ManagedBy = "settings" | "page" | "file";

/**
 * `numbers` as they are dialled; `menu` are the services by the key that chooses them.
 *
 * The first of `languages` serves where the caller's is not known and not asked. `greeting` is said first,
 * by language; a language without one gets the catalogue's. `cap`: no more than so many callers wait, 0: as
 * many as come. `version` counts the changes: a write against an older one is a conflict.
 */
export interface Desk {
  key: string;
  name: string;
  numbers: string[];
  queue: string;
  department: string;
  languages: Language[];
  ask_language: boolean;
  greeting: Partial<Record<Language, string>>;
  menu: Record<string, string>;
  hours: OpeningHours;
  when_closed: WhenClosed;
  when_full: WhenClosed;
  ring_s: number;
  wrapup_s: number;
  cap: number;
  managed_by: ManagedBy;
  version: number;
}

/** Every desk, the default one first. */
export interface DesksAnswer {
  desks: Desk[];
}

/** Somebody who may serve queues. */
export interface ServingAgent {
  username: string;
  name: string;
}

/** An agent serves this queue; a higher penalty is asked only where lower ones are busy. */
export interface Membership {
  agent: string;
  queue: string;
  penalty: number;
  managed_by: ManagedBy;
}

/** Who serves which queue; `version` is given back with a change. Who stands in none serves the first. */
export interface MembershipsAnswer {
  version: number;
  queues: string[];
  agents: ServingAgent[];
  memberships: Membership[];
}

/** What a page sends: all memberships as they shall be, made of this version. */
export interface MembershipsChange {
  version: number;
  memberships: Membership[];
}

/** What is wrong with a field, in words. */
export interface FieldFault {
  field: string;
  code: string;
  message: string;
}

export type Presence = "ready" | "talking" | "break" | "wrapup" | "away";

export type PhoneKind = "browser" | "phone";

export type PhoneState = "unknown" | "unavailable" | "idle" | "ringing" | "in_use";

export type Wish = "ready" | "break" | "wrapup" | "away";

export type AwayBecause = "" | "missed" | "declined" | "unreachable";

/**
 * An agent as everybody sees them; `reason` is that of a break, `since_ms` when this began.
 *
 * Ready is always reachable and never talking; `calls` are those that have a talking agent. `next` is what
 * the agent has chosen and is not yet: after the call (wrap-up comes first where it is `ready`), after the
 * wrap-up, or once the phone is there. `wrapup_until_ms`: when wrap-up ends by itself, null where it stays.
 * `misses` and `refusals` are counted in a row, until the agent answers or chooses something.
 */
export interface AgentState {
  username: string;
  presence: Presence;
  reason: string;
  phone: PhoneKind;
  since_ms: number;
  phones: Partial<Record<PhoneKind, PhoneState>>;
  reachable: boolean;
  calls: string[];
  next: Wish | null;
  next_reason: string;
  wrapup_until_ms: number | null;
  misses: number;
  refusals: number;
  away_because: AwayBecause;
}

/** Somebody of the desk as colleagues see them. */
export interface Person {
  username: string;
  name: string;
  role: "agent" | "supervisor" | "admin";
}

export type Stage = "ivr" | "queued" | "offered" | "ringing" | "connected" | "ended";

export type Why = "open" | "hours" | "holiday" | "closed_day" | "full" | "unknown_number" | "lookup_failed";

export type Match = "one" | "several" | "none" | "withheld";

export type How = "ani" | "extension" | "choice" | "employee_number" | "nothing";

/** A case as a screen-pop shows it; `because` has the deciding words for each judged field. */
export interface CaseSummary {
  number: string;
  title: string;
  service: string;
  category: string;
  impact: Impact;
  urgency: Urgency;
  priority: Priority;
  because: Partial<Record<Judged, string[]>>;
  has_statement: boolean;
  opened_ms: number;
  status: Status;
}

export type MissCause = "no_browser" | "hidden_tab" | "slow" | "browser_gone";

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

export type Mark = "answered" | "listening" | "speech_end" | "heard" | "registered" | "queued" | "offered" | "shown" | "ringing" | "connected" | "ended";

export type Outcome = "answered" | "abandoned_ivr" | "abandoned_queue" | "let_go" | "failed";

/** A call as a whole; `marks` has the time (ms since the epoch) of each step that was seen. */
export interface Call {
  call_id: string;
  node: string;
  stage: Stage;
  sip_call_id: string;
  number: string;
  name: string;
  codec: string;
  dialled: string;
  desk: string;
  why: Why;
  match: Match;
  how: How;
  contact_id: number | null;
  contact_name: string;
  language: string;
  transcript: string;
  confidence: number | null;
  words: SpokenWord[];
  statement_id: string;
  case: CaseSummary | null;
  open_cases: CaseSummary[];
  suggestions: Suggestion[];
  similar: CaseSummary[];
  queue: string;
  position: number | null;
  agent: string | null;
  offers: Offer[];
  marks: Partial<Record<Mark, number>>;
  dialogue: string;
  outcome: Outcome | null;
}

/** This page is asked to show this call before the phone rings. */
export interface PendingOffer {
  offer_id: string;
  call_id: string;
}

/** Everything, as this user's page sees it. */
export interface SnapshotFrame {
  type: "snapshot";
  epoch: string;
  cursor: number;
  me: AgentState;
  people: Person[];
  agents: AgentState[];
  calls: Call[];
  offers: PendingOffer[];
}

/** What was missed follows; `cursor` is where the page stands. */
export interface ResumedFrame {
  type: "resumed";
  epoch: string;
  cursor: number;
  offers: PendingOffer[];
}

/** A call as it is now. */
export interface CallFrame {
  type: "call";
  cursor: number;
  call: Call;
}

/** An agent as they are now. */
export interface PresenceFrame {
  type: "presence";
  cursor: number;
  agent: AgentState;
}

/** Everybody who may log in, after somebody was added, removed or changed. */
export interface PeopleFrame {
  type: "people";
  cursor: number;
  people: Person[];
}

/** The words so far of a caller who still talks. */
export interface PartialFrame {
  type: "partial";
  call_id: string;
  text: string;
}

/** Paint this call now, then answer. */
export interface OfferFrame {
  offer_id: string;
  call_id: string;
  type: "offer";
}

/** What went wrong; `message` is in the user's language. */
export interface ErrorFrame {
  type: "error";
  code: string;
  message: string;
}

/** What a page gets over the live connection. */
export type Frame =
  | SnapshotFrame
  | ResumedFrame
  | CallFrame
  | PresenceFrame
  | PeopleFrame
  | PartialFrame
  | OfferFrame
  | ErrorFrame;

/** The offered call is on a visible screen. */
export interface Painted {
  type: "painted";
  offer_id: string;
}

/** The offered call came, but nobody can see this page. */
export interface Hidden {
  type: "hidden";
  offer_id: string;
}

/**
 * The agent wants to be ready, on a break …; null: as they are, at this phone.
 *
 * A line break in the reason would reach Asterisk.
 */
export interface PresenceWanted {
  type: "presence";
  presence: Wish | null;
  reason?: string;
  phone?: PhoneKind;
}

/** What a page may say over the live connection. */
export type PageMessage =
  | Painted
  | Hidden
  | PresenceWanted;

/** Every kind of frame. */
export const FRAME_TYPES: readonly Frame["type"][] = ["snapshot", "resumed", "call", "presence", "people", "partial", "offer", "error"];
