/** The desk: what is known of calls, the telephone, and what the agent does with both. */

import { createContext, tick } from "svelte";
import { apply, dismiss, look, NOTHING_KNOWN, type DeskState } from "../lib/desk-state";
import { LiveConnection, type LiveOwner } from "../lib/live.svelte";
import { afterPaint, inNextFrame } from "../lib/frames";
import { Softphone } from "../lib/softphone.svelte";
import type { Line } from "../lib/line.svelte";
import type { Call, Frame, Me, PendingOffer, PhoneKind, Wish } from "../lib/records";

/** Under which the call in front outlasts a reload of this tab. */
const FRONT = "svarklar.front";
/** The list of everybody's calls follows within this time. */
const OTHERS_MS = 150;

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
  readonly phone = new Softphone();
  readonly live: LiveConnection;
  readonly who: Me;
  /** What has come and is not shown yet: many calls change often, and nobody sees more than a frame shows. */
  #inbox: Frame[] = [];
  #showing: "" | "later" | "soon" = "";
  #isPainting = false;
  /** Offers that this connection has answered. */
  #answered = new Set<string>();

  constructor(who: Me, login: Pick<LiveOwner, "refused" | "sessionEnded">) {
    this.who = who;
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
    return message.type === "call" && !this.state.mine.includes(message.call.call_id);
  }

  #takeIn(): void {
    const messages = this.#inbox.splice(0);
    this.#showing = "";
    if (messages.length === 0) return;
    this.state = messages.reduce(apply, this.state);
    for (const message of messages) this.#follow(message);
    for (const offer of this.state.offers) this.#show(offer);
  }

  #follow(message: Frame): void {
    if (message.type === "snapshot" || message.type === "resumed") this.#answered.clear();
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
