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

export type Status = "open" | "pending" | "resolved" | "closed" | "merged";

export type Impact = "one" | "several" | "everyone";

export type Urgency = "works" | "hindered" | "stopped";

export type Priority = 1 | 2 | 3 | 4 | 5;

export type Judged = "service" | "category" | "impact" | "urgency";

export type Trust = "certain" | "confirmed" | "doubtful" | "denied" | "unclear" | "chosen";

/** A word with its place in the recording, seconds from its start, and its confidence 0–1. */
export interface SpokenWord {
  text: string;
  start_s: number;
  end_s: number;
  confidence: number;
}

/**
 * A statement of the caller; heard again better, it comes under the same `statement_id`.
 *
 * What was `chosen` by a key is no words: its text is the service's key.
 */
export interface Said {
  statement_id: string;
  text: string;
  at_ms: number;
  call_id: string;
  trust: Trust;
  confidence: number;
  words: SpokenWord[];
}

/** Who gave a field its value: at which version of the case, when, and whether that was a person. */
export interface Setting {
  version: number;
  at_ms: number;
  by_person: boolean;
}

/**
 * A case as it is now; `set_by` tells of each field how it came by its value.
 *
 * `call_id` is the call that registered it, `agent` who works on it, `article` what solved it.
 */
export interface Case {
  number: string;
  version: number;
  status: Status;
  title: string;
  service: string;
  category: string;
  impact: Impact;
  urgency: Urgency;
  priority: Priority;
  language: string;
  desk: string;
  agent: string;
  article: string;
  solution: string;
  merged_into: string;
  because: Partial<Record<Judged, string[]>>;
  said: Said[];
  contact_id: number | null;
  contact_name: string;
  caller_number: string;
  call_id: string;
  opened_ms: number;
  changed_ms: number;
  set_by: Record<string, Setting>;
}

/**
 * A case as lists and the screen-pop show it; `because` has the deciding words for each judged field.
 *
 * `assumed` names the judgements that nothing decided; `has_statement`: the caller's voice is kept.
 */
export interface CaseSummary {
  number: string;
  version: number;
  status: Status;
  title: string;
  service: string;
  category: string;
  impact: Impact;
  urgency: Urgency;
  priority: Priority;
  because: Partial<Record<Judged, string[]>>;
  assumed: Judged[];
  agent: string;
  contact_id: number | null;
  contact_name: string;
  desk: string;
  has_statement: boolean;
  opened_ms: number;
  changed_ms: number;
}

export type CaseEventKind = "registered" | "identified" | "heard" | "classified" | "assigned" | "noted" | "held" | "resumed" | "solved" | "closed" | "reopened" | "linked" | "merged" | "took_in" | "undone" | "imported";

/** A field before and after; null where it was not kept, or was erased. */
export interface Change {
  old: unknown;
  new: unknown;
}

/**
 * One line. `note` and `said` are what somebody wrote or said; `other` is the case that was taken in,
 * `undoes` the event that was taken back, `left` fields that stayed, for something newer stood there.
 */
export interface HistoryEntry {
  seq: number;
  event_id: string;
  at_ms: number;
  kind: CaseEventKind;
  actor: string;
  call_id: string;
  changes: Record<string, Change>;
  said: string;
  trust: string;
  confidence: number;
  note: string;
  note_id: string;
  other: string;
  undoes: string;
  taken_over: boolean;
  left: string[];
}

export type Outcome = "answered" | "abandoned_ivr" | "abandoned_queue" | "let_go" | "failed";

/** A call in a list; `waited_ms` until an agent answered, or until its end. */
export interface CallSummary {
  call_id: string;
  at_ms: number;
  outcome: Outcome | null;
  agent: string;
  case_number: string;
  waited_ms: number;
}

/** A knowledge-base article for this case; score 0–1; the caller's words that matched it. */
export interface Suggestion {
  article: string;
  title: string;
  score: number;
  because: string[];
}

/**
 * A case in full, the newest of its history and of its calls (newest first), and what was suggested in
 * the last of these.
 *
 * Of a note only its newest text is there. `older`: ask with `before` of this number for the lines before
 * these; null: there are none.
 */
export interface CaseAnswer {
  case: Case;
  summary: CaseSummary;
  history: HistoryEntry[];
  older: number | null;
  calls: CallSummary[];
  suggestions: Suggestion[];
}

/** A page of cases; `next` is given as `after` for the page that follows, null at the end. */
export interface CaseList {
  cases: CaseSummary[];
  next: string | null;
}

/** The case as it is after what was asked of it. */
export interface SavedCase {
  case: Case;
  summary: CaseSummary;
}

/** What went wrong; `message` is in the user's language. */
export interface Failure {
  code: string;
  message: string;
}

/**
 * Nothing was written: somebody else has changed the fields `stale` since, or (`case_not_allowed`, where
 * there are none) the case takes no such thing as it is now.
 */
export interface CaseConflict {
  error: Failure;
  current: CaseAnswer;
  stale: string[];
}

/** A person who may call; numbers in E.164, `extension` for internal calls. */
export interface Contact {
  id: number;
  name: string;
  employee_number: string;
  extension: string;
  email: string;
  department: string;
  site: string;
  language: string;
  vip: boolean;
  numbers: string[];
}

/**
 * Who calls, as far as it is known: their newest open cases (`open_count` in all), the last others, the
 * last calls, all newest first. Of a caller who is no contact, the last calls from their number.
 */
export interface CallerCard {
  contact: Contact | null;
  open_cases: CaseSummary[];
  open_count: number;
  earlier_cases: CaseSummary[];
  calls: CallSummary[];
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

/** Fields that are left out stay as they are. */
export interface ClassifyRequest {
  change_id: string;
  call_id?: string;
  version?: number | null;
  title?: string | null;
  service?: string | null;
  category?: string | null;
  impact?: Impact | null;
  urgency?: Urgency | null;
}

/** To this agent; empty: to nobody. */
export interface AssignRequest {
  change_id: string;
  call_id?: string;
  version?: number | null;
  agent: string;
}

/** I work on it from now on, whoever did before. */
export interface TakeOverRequest {
  change_id: string;
  call_id?: string;
  version?: number | null;
}

/** The note as it is by now; `note_id` is `USERNAME/…`, one for each note. */
export interface NoteRequest {
  change_id: string;
  call_id?: string;
  version?: number | null;
  note_id: string;
  text: string;
}

/** It waits for somebody outside the desk. */
export interface HoldRequest {
  change_id: string;
  call_id?: string;
  version?: number | null;
}

/** It waits no longer. */
export interface ResumeRequest {
  change_id: string;
  call_id?: string;
  version?: number | null;
}

/** By an article's key, in words, or simply. */
export interface SolveRequest {
  change_id: string;
  call_id?: string;
  version?: number | null;
  article?: string;
  solution?: string;
}

/** Nobody will come back to it. */
export interface CloseRequest {
  change_id: string;
  call_id?: string;
  version?: number | null;
}

/** It was not solved after all. */
export interface ReopenRequest {
  change_id: string;
  call_id?: string;
  version?: number | null;
}

/** Take back the change of this `event_id`, which is the `change_id` it was asked for with. */
export interface UndoRequest {
  change_id: string;
  event_id: string;
}

/** This call is about the case. */
export interface LinkRequest {
  change_id: string;
  call_id: string;
}

/** A case by hand; of a caller where `call_id` is given. */
export interface RegisterRequest {
  change_id: string;
  call_id?: string;
  title: string;
  service?: string;
  category?: string;
  impact?: Impact;
  urgency?: Urgency;
  contact_id?: number | null;
  desk?: string;
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
  case_number: string;
  suggestions: Suggestion[];
  similar: string[];
  queue: string;
  position: number | null;
  agent: string | null;
  offers: Offer[];
  marks: Partial<Record<Mark, number>>;
  dialogue: string;
  outcome: Outcome | null;
}

/**
 * This page is asked to show this call before the phone rings.
 *
 * All there is to show: `caller` is null where it could not be read yet, `cases` are the call's and those
 * that are similar.
 */
export interface PendingOffer {
  offer_id: string;
  call_id: string;
  caller: CallerCard | null;
  cases: CaseSummary[];
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
  cases: CaseSummary[];
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

/** The case of a living call, as it is now; to every page. */
export interface CaseFrame {
  type: "case";
  cursor: number;
  case: CaseSummary;
}

/** Cases that this page watches, as they are now: at first, and whenever one changes. */
export interface CasesFrame {
  type: "cases";
  cases: CaseSummary[];
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
  caller: CallerCard | null;
  cases: CaseSummary[];
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
  | CaseFrame
  | CasesFrame
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

/** The cases that this page shows beside those of living calls, in place of what it has watched so far. */
export interface Watch {
  type: "watch";
  cases: string[];
}

/** What a page may say over the live connection. */
export type PageMessage =
  | Painted
  | Hidden
  | PresenceWanted
  | Watch;

/** Every kind of frame. */
export const FRAME_TYPES: readonly Frame["type"][] = ["snapshot", "resumed", "call", "case", "cases", "presence", "people", "partial", "offer", "error"];
