/** The desk: what is known of calls, the telephone, and what the agent does with both. */

import { createContext, tick } from "svelte";
import { fetchCaller } from "../lib/api";
import { apply, dismiss, knowing, look, NOTHING_KNOWN, withCaller, type DeskState } from "../lib/desk-state";
import { LiveConnection, type LiveOwner } from "../lib/live.svelte";
import { afterPaint, inNextFrame } from "../lib/frames";
import { Softphone } from "../lib/softphone.svelte";
import type { Line } from "../lib/line.svelte";
import type { Call, CallerCard, CaseSummary, Frame, Me, PendingOffer, PhoneKind, Wish } from "../lib/records";
import { CaseBook } from "./case-book.svelte";
import { CaseFinder } from "./case-finder.svelte";

/** Under which the call in front outlasts a reload of this tab. */
const FRONT = "svarklar.front";
/** The list of everybody's calls follows within this time. */
const OTHERS_MS = 150;
/** So soon the server learns which cases are on the screen. */
const WATCH_MS = 100;
const MOST_WATCHED = 200;
const CASE_NUMBER = /^C-[0-9]{6,12}$/;

export class Desk {
  state = $state.raw<DeskState>({ ...NOTHING_KNOWN, front: sessionStorage.getItem(FRONT) });
  /** What the server refused last, in the reader's language; empty: nothing. */
  refusal = $state("");
  /** My calls in the order they came; ended ones until they are dismissed. */
  readonly mine = $derived(this.state.mine.flatMap((id) => this.state.calls.get(id) ?? []));
  /** The call whose pop is shown. */
  readonly front = $derived(this.state.calls.get(this.state.front ?? "") ?? null);
  readonly living = $derived(this.mine.filter((call) => call.stage !== "ended"));
  /** My calls that are about to ring, or ring. */
  readonly arriving = $derived(this.living.filter((call) => call.stage !== "connected"));
  readonly isTalking = $derived(this.living.some((call) => call.stage === "connected"));
  readonly cases: CaseBook;
  readonly finder = new CaseFinder((found) => this.know(found));
  readonly phone = new Softphone();
  readonly live: LiveConnection;
  readonly who: Me;
  /** What has come and is not shown yet: many calls change often, and nobody sees more than a frame shows. */
  #inbox: Frame[] = [];
  #showing: "" | "later" | "soon" = "";
  #isPainting = false;
  /** Offers that this connection has answered. */
  #answered = new Set<string>();
  /** Cases on the screen by who shows them: the server tells when one of them changes. */
  #watched = new Map<object, readonly string[]>();
  #isWatchDue = false;
  #askedFor = new Set<string>();
  #came: () => void;

  /** `came` is told when a call of mine comes to the front. */
  constructor(who: Me, login: Pick<LiveOwner, "refused" | "sessionEnded">, came: () => void = () => undefined) {
    this.who = who;
    this.cases = new CaseBook(this);
    this.#came = came;
    this.live = new LiveConnection({
      position: () => this.state,
      receive: (message) => this.#receive(message),
      ...login,
    });
  }

  /** The line that the buttons of the telephone act on: that of the call in front, else the one in use. */
  get line(): Line | null {
    return (this.front && this.lineOf(this.front)) ?? this.phone.current;
  }

  /** Whether the server has told what is so. */
  get isKnown(): boolean {
    return this.state.epoch !== "";
  }

  /** The case that this call is about; null: none, or not known yet. */
  caseOf(call: Call): CaseSummary | null {
    return call.case_number === "" ? null : this.cases.shown(call.case_number);
  }

  /** Cases by these numbers, as far as they are known. */
  casesOf(numbers: readonly string[]): CaseSummary[] {
    return numbers.flatMap((number) => this.state.cases.get(number) ?? []);
  }

  /** Who calls; null: not known yet. */
  callerOf(call: Call): CallerCard | null {
    return this.state.callers.get(call.call_id) ?? null;
  }

  /** A name for a username. */
  nameOf(username: string): string {
    return this.state.people.get(username)?.name ?? username;
  }

  /** Asks who calls, where it has not come with an offer. */
  async askCaller(callId: string): Promise<void> {
    if (this.#askedFor.has(callId)) return;
    this.#askedFor.add(callId);
    try {
      this.state = withCaller(this.state, callId, await fetchCaller(callId));
    } catch {
      this.#askedFor.delete(callId);
    }
  }

  /** What a list has fetched is known to every part of the page. */
  know(summaries: readonly CaseSummary[]): void {
    this.state = knowing(this.state, summaries);
  }

  /** From now on `who` shows these cases; returns what says that it shows none any more. */
  watch(who: object, numbers: readonly string[]): () => void {
    this.#watched.set(who, numbers);
    this.#watchSoon();
    return () => {
      this.#watched.delete(who);
      this.#watchSoon();
    };
  }

  #watchSoon(): void {
    if (this.#isWatchDue) return;
    this.#isWatchDue = true;
    setTimeout(() => {
      this.#isWatchDue = false;
      this.#sendWatched();
    }, WATCH_MS);
  }

  #sendWatched(): void {
    const numbers = new Set([...this.#watched.values()].flat().filter((number) => CASE_NUMBER.test(number)));
    this.live.send({ type: "watch", cases: [...numbers].slice(-MOST_WATCHED) });
  }

  /** The words so far of a caller who still talks; empty: nothing that is not understood already. */
  partialOf(call: Call): string {
    const partial = this.state.partials.get(call.call_id) ?? "";
    return partial === call.transcript ? "" : partial;
  }

  /** This living call on the telephone. */
  lineOf(call: Call): Line | null {
    if (call.stage === "ended") return null;
    return this.phone.lines.find((line) => line.callId === call.call_id) ?? null;
  }

  /** The call of mine that is on this line. */
  callOf(line: Line): Call | null {
    return this.mine.find((call) => call.call_id === line.callId) ?? null;
  }

  /** Shows this call; null: back to my own. */
  look(callId: string | null): void {
    this.state = look(this.state, callId);
  }

  dismiss(callId: string): void {
    this.state = dismiss(this.state, callId);
  }

  /** Asks for this presence (null: as it is, at this phone); the answer comes over the live connection. */
  wish(presence: Wish | null, reason = "", phone: PhoneKind = this.state.me?.phone ?? "browser"): void {
    this.refusal = "";
    if (presence === "ready" && phone === "browser") void this.phone.prepare();
    this.live.send({ type: "presence", presence, reason, phone });
  }

  /** Answers this line; if none is named the ringing one in front, else the first that rings. */
  answer(wanted: Line | null = null): void {
    const line = [wanted, this.line, ...this.phone.lines].find((one) => one?.state === "ringing");
    if (!line) return;
    this.phone.answer(line);
    this.look(this.callOf(line)?.call_id ?? this.state.front);
  }

  /** The page goes, perhaps to be loaded again: what rings here is handed back at once, and may ring again. */
  leave(): void {
    sessionStorage.setItem(FRONT, this.state.front ?? "");
    this.phone.stop();
  }

  /** An offer waits for nothing; others' calls, and what comes while it is painted, a little; the rest for a frame. */
  #receive(message: Frame): void {
    this.#inbox.push(message);
    if (message.type === "offer") {
      this.#takeIn();
    } else if (this.#isPainting || this.#isOthers(message)) {
      if (this.#showing !== "") return;
      this.#showing = "later";
      setTimeout(() => this.#takeIn(), OTHERS_MS);
    } else if (this.#showing !== "soon") {
      this.#showing = "soon";
      inNextFrame(() => this.#takeIn());
    }
  }

  #isOthers(message: Frame): boolean {
    if (message.type === "partial") return message.call_id !== this.state.front;
    if (message.type === "presence") return message.agent.username !== this.who.user.username;
    if (message.type === "case") return message.case.number !== this.front?.case_number;
    return message.type === "call" && !this.state.mine.includes(message.call.call_id);
  }

  #takeIn(): void {
    const messages = this.#inbox.splice(0);
    this.#showing = "";
    if (messages.length === 0) return;
    const before = this.state;
    if (before.epoch !== "" && messages.some(({ type }) => type === "snapshot")) this.cases.refresh();
    this.state = messages.reduce(apply, before);
    // Before it is painted: the pop is what has to be on the screen.
    if (this.state.front !== before.front && this.arriving.some((call) => call.call_id === this.state.front)) {
      this.#came();
    }
    for (const message of messages) this.#follow(message);
    for (const offer of this.state.offers) this.#show(offer);
  }

  #follow(message: Frame): void {
    if (message.type === "snapshot" || message.type === "resumed") {
      this.#answered.clear();
      this.#askedFor.clear();
      this.#watchSoon();
    }
    if (message.type === "error") this.refusal = message.message;
    if (message.type === "presence" && message.agent.username === this.who.user.username) this.refusal = "";
  }

  /** Says when the pop of this offer is on the screen; the phone waits for that. */
  #show({ offer_id, call_id }: PendingOffer): void {
    if (this.#answered.has(offer_id) || !this.state.calls.has(call_id)) return;
    this.#answered.add(offer_id);
    this.#isPainting = true;
    const answer = (type: "painted" | "hidden") => {
      this.live.send({ type, offer_id });
      this.#isPainting = false;
    };
    const painted = () => {
      performance.mark(`pop-painted:${offer_id}`);
      answer("painted");
    };
    const hidden = () => answer("hidden");
    void tick().then(() => afterPaint(painted, hidden));
  }
}

export const [getDesk, setDesk] = createContext<Desk>();
