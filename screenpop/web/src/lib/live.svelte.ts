/** The live connection: one WebSocket that comes back by itself and resumes where it was. */

import { readMessage } from "./messages";
import type { Frame, PageMessage } from "./records";

/** The server's close code for a session that has ended. */
const SESSION_ENDED = 4401;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 8000;

/** What the connection needs to know of, and does to, the desk. */
export interface LiveOwner {
  /** Where to resume: the epoch and the last cursor that were seen. */
  position(): { epoch: string; cursor: number };
  receive(message: Frame): void;
  /** Called when the server cannot be reached: perhaps the session has ended. */
  refused(): void;
  /** Called when the server says that the session has ended: there is no reconnecting. */
  sessionEnded(): void;
}

/** Whether this close code of the WebSocket says that one has to log in again. */
export function isSessionEnd(code: number): boolean {
  return code === SESSION_ENDED;
}

/** Pause before the n-th attempt (from 0): doubled each time, with up to a quarter of chance. */
export function pauseBefore(attempt: number, chance: number = Math.random()): number {
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt) * (1 + chance / 4);
}

export class LiveConnection {
  /** Whether messages flow now; `lost` is only said after it once did. */
  state = $state<"connecting" | "open" | "lost">("connecting");

  #owner: LiveOwner;
  #socket: WebSocket | null = null;
  #attempt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(owner: LiveOwner) {
    this.#owner = owner;
  }

  /** Connects, and reconnects until `close`. */
  open(): void {
    clearTimeout(this.#timer);
    const { epoch, cursor } = this.#owner.position();
    const where = new URL("/live", location.href);
    where.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    if (epoch !== "") where.search = new URLSearchParams({ epoch, after: String(cursor) }).toString();
    const socket = new WebSocket(where);
    let wasOpen = false;
    socket.onopen = () => {
      wasOpen = true;
      this.#attempt = 0;
    };
    socket.onmessage = (event) => {
      // Not before it speaks: a server that does not know what is so yet says nothing.
      this.state = "open";
      const message = readMessage(String(event.data));
      if (message !== null) this.#owner.receive(message);
    };
    socket.onclose = ({ code }) => {
      this.state = "lost";
      if (isSessionEnd(code)) {
        this.#owner.sessionEnded();
        return;
      }
      this.#timer = setTimeout(() => this.open(), pauseBefore(this.#attempt++));
      if (!wasOpen) this.#owner.refused();
    };
    this.#socket = socket;
  }

  /** Sends now; false where the connection is away: the state that follows a reconnect tells all. */
  send(message: PageMessage): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /** Ends it for good. */
  close(): void {
    clearTimeout(this.#timer);
    if (this.#socket === null) return;
    this.#socket.onclose = null;
    this.#socket.close();
  }
}
