/** The telephone in the page: registers, comes back by itself, and holds the calls that are on it. */

import { UA, WebSocketInterface } from "jssip";
import type { IncomingRequest } from "jssip/lib/SIPMessage";
import type { RTCSessionEvent } from "jssip/lib/UA";
import { CALL_MEDIA, Line } from "./line.svelte";
import { checkMicrophone, type MicrophoneProblem } from "./microphone-problem";
import type { SipAccount } from "./records";

export type Registration = "off" | "connecting" | "registered" | "failed";

const RETRY_MS = 4000;

export class Softphone {
  registration = $state<Registration>("off");
  /** Calls on this telephone in the order they came; ended ones are gone. */
  lines = $state.raw<readonly Line[]>([]);
  /** The last call that ended, for its cause. */
  lastEnded = $state.raw<Line | null>(null);
  #found = $state<MicrophoneProblem | null>(null);
  #agent: UA | null = null;
  #host = "";
  #retry: ReturnType<typeof setTimeout> | undefined;

  /** What is wrong with the microphone. JsSIP tells of it only after the call that it has cost. */
  get problem(): MicrophoneProblem | null {
    return this.#found ?? this.lastEnded?.problem ?? null;
  }

  /** The call one talks on, else one that is held, else one that rings. */
  get current(): Line | null {
    const first = (state: Line["state"]) => this.lines.find((line) => line.state === state);
    return first("talking") ?? first("calling") ?? first("held") ?? first("ringing") ?? null;
  }

  /** To be asked before the page goes, which would end the call: the browser then asks the person. */
  keep(event: BeforeUnloadEvent): void {
    if (this.current !== null) event.preventDefault();
  }

  /** Connects with this account; `register: false` for a telephone that only calls out. */
  start(account: SipAccount, options: { register: boolean } = { register: true }): void {
    if (this.#agent !== null) return;
    this.registration = "connecting";
    this.#host = account.uri.slice(account.uri.lastIndexOf("@") + 1);
    const agent = new UA({
      sockets: new WebSocketInterface(account.ws_url),
      uri: account.uri,
      authorization_user: account.username,
      password: account.password,
      register: options.register,
      register_expires: 300,
      session_timers: false,
      connection_recovery_min_interval: 1,
      connection_recovery_max_interval: 8,
    });
    const become = (registration: Registration) => {
      // Once stopped, its last words do not count.
      if (this.#agent === agent) this.registration = registration;
    };
    agent.on("connected", () => {
      if (!options.register) become("registered");
    });
    agent.on("registered", () => become("registered"));
    agent.on("unregistered", () => become("connecting"));
    agent.on("disconnected", () => become("connecting"));
    agent.on("registrationFailed", () => {
      become("failed");
      clearTimeout(this.#retry);
      this.#retry = setTimeout(() => agent.register(), RETRY_MS);
    });
    agent.on("newRTCSession", ({ originator, session, request }: RTCSessionEvent) => {
      const invite = (originator as string) === "remote" ? (request as IncomingRequest) : null;
      const line = new Line(session, invite, (ended) => this.#end(ended));
      this.lines = [...this.lines, line];
    });
    this.#agent = agent;
    agent.start();
  }

  /** Hangs up and signs off. */
  stop(): void {
    clearTimeout(this.#retry);
    const agent = this.#agent;
    this.#agent = null;
    this.registration = "off";
    agent?.stop();
  }

  /**
   * Calls a number of our own server with this sound. `from` is the caller's number as a trunk would
   * assert it (RFC 3325), since the account is known by the From header; empty: withheld.
   */
  call(number: string, from: string, sound: MediaStream): void {
    this.#found = null;
    this.lastEnded = null;
    const asserted = from === "" ? "sip:anonymous@anonymous.invalid" : `sip:${from}@${this.#host}`;
    this.#agent?.call(number, {
      ...CALL_MEDIA,
      mediaStream: sound,
      extraHeaders: [`P-Asserted-Identity: <${asserted}>`],
    });
  }

  /** Tells of a microphone that cannot be used before a call needs it. */
  async prepare(): Promise<void> {
    this.#found = await checkMicrophone();
  }

  /** Answers; whom one talks to is held first. */
  answer(line: Line): void {
    this.#found = null;
    this.lastEnded = null;
    for (const other of this.lines) if (other.state === "talking") other.toggleHold();
    line.answer();
  }

  #end(line: Line): void {
    this.lines = this.lines.filter((other) => other !== line);
    this.lastEnded = line;
  }
}
