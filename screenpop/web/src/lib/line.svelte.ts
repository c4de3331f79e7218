/** One call on the softphone: the state of a JsSIP session as the page shows it. */

import type { IncomingRequest } from "jssip/lib/SIPMessage";
import type { RTCSession } from "jssip/lib/RTCSession";
import { microphoneProblem, type MicrophoneProblem } from "./microphone-problem";

export type LineState = "ringing" | "calling" | "talking" | "held" | "ended";

/** Sound only; addresses of this machine are enough, the telephone server is the other end. */
export const CALL_MEDIA = {
  mediaConstraints: { audio: true, video: false },
  pcConfig: { iceServers: [] },
};

export class Line {
  state = $state<LineState>("ringing");
  isMuted = $state(false);
  /** What the other side says, for an audio element. */
  sound = $state.raw<MediaStream | null>(null);
  problem = $state<MicrophoneProblem | null>(null);
  /** Why it ended, as JsSIP names it. */
  cause = $state("");
  /** When both sides began to talk, by this machine's clock. */
  sinceMs = $state<number | null>(null);
  readonly id: string;
  /** From the INVITE's header X-Call; empty where there is none: no call of the queue. */
  readonly callId: string;
  readonly number: string;
  readonly isIncoming: boolean;
  #session: RTCSession;

  constructor(session: RTCSession, request: IncomingRequest | null, onEnd: (line: Line) => void) {
    this.#session = session;
    this.id = session.id;
    this.isIncoming = request !== null;
    this.callId = request?.getHeader("X-Call") ?? "";
    this.number = session.remote_identity.uri.user;
    if (!this.isIncoming) this.state = "calling";
    this.#follow(session, onEnd);
  }

  answer(): void {
    if (this.state === "ringing") this.#session.answer(CALL_MEDIA);
  }

  hangUp(): void {
    if (!this.#session.isEnded()) this.#session.terminate();
  }

  toggleHold(): void {
    if (this.state === "talking") this.#session.hold();
    else if (this.state === "held") this.#session.unhold();
  }

  toggleMute(): void {
    if (this.isMuted) this.#session.unmute({ audio: true });
    else this.#session.mute({ audio: true });
  }

  /** Sends a key as a tone in the sound (RFC 4733), as every telephone does. */
  press(key: string): void {
    if (this.state !== "talking") return;
    const sender = this.#session.connection.getSenders().find((one) => one.dtmf?.canInsertDTMF);
    sender?.dtmf?.insertDTMF(sender.dtmf.toneBuffer + key, 120, 70);
  }

  #follow(session: RTCSession, onEnd: (line: Line) => void): void {
    session.on("peerconnection", ({ peerconnection }) => this.#hear(peerconnection));
    // An outgoing call may have its connection before anyone can listen for it.
    const early = session.connection as RTCPeerConnection | null | undefined;
    if (early) this.#hear(early);
    session.on("confirmed", () => {
      this.state = "talking";
      this.sinceMs = Date.now();
    });
    session.on("hold", ({ originator }) => {
      if ((originator as string) === "local") this.state = "held";
    });
    session.on("unhold", ({ originator }) => {
      if ((originator as string) === "local") this.state = "talking";
    });
    session.on("muted", () => (this.isMuted = true));
    session.on("unmuted", () => (this.isMuted = false));
    session.on("getusermediafailed", (error: unknown) => (this.problem = microphoneProblem(error)));
    const end = ({ cause }: { cause: string }) => {
      this.state = "ended";
      this.cause = cause;
      onEnd(this);
    };
    session.on("ended", end);
    session.on("failed", end);
  }

  #hear(connection: RTCPeerConnection): void {
    connection.addEventListener("track", ({ track }) => {
      this.sound = new MediaStream([track]);
    });
  }
}
