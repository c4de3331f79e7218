/** The notes one is writing, one for each case; what the server has not got yet outlasts a reload of this tab. */

import { newId } from "../lib/ids";
import { newNote, statusOf, step, type Note, type NoteEvent, type NoteStatus } from "../lib/note";

type Save = (number: string, noteId: string, text: string, callId: string) => Promise<unknown>;

const KEY = "svarklar.note.";

export class NoteDraft {
  #note = $state.raw<Note>(newNote(""));
  #key: string;
  #save: (noteId: string, text: string) => Promise<unknown>;
  #newNoteId: () => string;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(key: string, newNoteId: () => string, save: (noteId: string, text: string) => Promise<unknown>) {
    this.#key = key;
    this.#save = save;
    this.#newNoteId = newNoteId;
    this.#note = kept(key) ?? newNote(newNoteId());
    if (this.#note.text !== this.#note.saved) this.#wait(0);
  }

  get text(): string {
    return this.#note.text;
  }

  get status(): NoteStatus {
    return statusOf(this.#note);
  }

  typed(text: string): void {
    this.#take({ type: "typed", text });
  }

  /** Saves now, without waiting for a pause. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#take({ type: "paused" });
  }

  /** The next words are another note. Only what is saved can be left. */
  begin(): void {
    if (this.status !== "saved") return;
    this.#note = newNote(this.#newNoteId());
    sessionStorage.removeItem(this.#key);
  }

  #take(event: NoteEvent): void {
    const [note, effects] = step(this.#note, event);
    this.#note = note;
    for (const effect of effects) {
      if (effect.do === "keep") keep(this.#key, note);
      else if (effect.do === "wait") this.#wait(effect.ms);
      else void this.#send(effect.text);
    }
  }

  async #send(text: string): Promise<void> {
    try {
      await this.#save(this.#note.noteId, text);
      this.#take({ type: "saved" });
    } catch {
      this.#take({ type: "failed" });
    }
  }

  #wait(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#take({ type: "paused" }), ms);
  }
}

export class Notes {
  #drafts = new Map<string, NoteDraft>();
  #username: string;
  #save: Save;

  constructor(username: string, save: Save) {
    this.#username = username;
    this.#save = save;
  }

  /** The note that is being written about this case, in this call where it is one. */
  of(number: string, callId = ""): NoteDraft {
    const key = `${KEY}${this.#username}.${number}`;
    const known = this.#drafts.get(key);
    if (known !== undefined) return known;
    const draft = new NoteDraft(
      key,
      () => `${this.#username}/${newId()}`,
      (noteId, text) => this.#save(number, noteId, text, callId),
    );
    this.#drafts.set(key, draft);
    return draft;
  }
}

function keep(key: string, { noteId, text, saved }: Note): void {
  if (text === "" && saved === "") sessionStorage.removeItem(key);
  else sessionStorage.setItem(key, JSON.stringify({ noteId, text, saved }));
}

function kept(key: string): Note | null {
  try {
    const { noteId, text, saved } = JSON.parse(sessionStorage.getItem(key) ?? "null") as Note;
    return newNote(noteId, text, saved);
  } catch {
    return null;
  }
}
