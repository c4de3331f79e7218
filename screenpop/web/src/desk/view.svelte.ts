/** What is open on the desk: an article, the keypad, a menu, the help, the caller's voice. */

import { createContext } from "svelte";
import { Voice } from "../lib/voice.svelte";
import { statementAddress } from "../lib/api";

export class View {
  /** The call in front. */
  callId = $state<string | null>(null);
  /** The key of the open article. */
  article = $state<string | null>(null);
  isKeypadOpen = $state(false);
  isHelpOpen = $state(false);
  isBreakOpen = $state(false);
  isUserOpen = $state(false);
  /** Words that the pointer or the focus is on: the transcript marks them. */
  pointedAt = $state.raw<readonly string[]>([]);
  voice = $state.raw<Voice | null>(null);

  /** Another call is in front: nothing of the one before stays open. */
  turnTo(callId: string | null): void {
    this.callId = callId;
    this.article = null;
    this.pointedAt = [];
  }

  /** Makes the caller's voice of this case ready, if there is one. Returns what lets go of it. */
  hear(caseNumber: string | null): () => void {
    const voice = caseNumber === null ? null : new Voice(statementAddress(caseNumber));
    this.voice = voice;
    return () => voice?.close();
  }

  /** Closes what lies on top; false where nothing was open. */
  closeTop(): boolean {
    const wasOpen = this.isKeypadOpen || this.article !== null;
    if (this.isKeypadOpen) this.isKeypadOpen = false;
    else this.article = null;
    return wasOpen;
  }
}

export const [getView, setView] = createContext<View>();
