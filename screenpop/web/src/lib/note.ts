/**
 * A note while it is written: `step(note, event) -> [note, effects]`.  Pure.
 *
 * 1. What is typed is kept in the browser at once, and sent to the server when the typing pauses.
 * 2. One save at a time: what is typed meanwhile is sent after it.
 * 3. What could not be saved stays here, says so, and is sent again, each time after a longer pause.
 * 4. The same `noteId` is the same note: it replaces itself on the server however often it is saved.
 */

export type NoteStatus = "empty" | "typing" | "saving" | "saved" | "kept";

export interface Note {
  readonly noteId: string;
  readonly text: string;
  /** What the server has. */
  readonly saved: string;
  /** What is on its way there; null: nothing is. */
  readonly sending: string | null;
  /** How often in a row it could not be saved. */
  readonly failures: number;
}

export type NoteEvent =
  | { readonly type: "typed"; readonly text: string }
  | { readonly type: "paused" }
  | { readonly type: "saved" }
  | { readonly type: "failed" };

export type NoteEffect =
  | { readonly do: "keep" }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "send"; readonly text: string };

const PAUSE_MS = 700;
const LONGEST_PAUSE_MS = 30_000;

/** A note of which nothing is written; or, after a reload, what the browser has kept of it. */
export function newNote(noteId: string, text = "", saved = ""): Note {
  return { noteId, text, saved, sending: null, failures: 0 };
}

/** The note after the event, and what is to be done. */
export function step(note: Note, event: NoteEvent): [Note, NoteEffect[]] {
  switch (event.type) {
    case "typed":
      return [{ ...note, text: event.text }, [{ do: "keep" }, { do: "wait", ms: PAUSE_MS }]];
    case "paused":
      if (note.sending !== null || isSaved(note)) return [note, []];
      return [{ ...note, sending: note.text }, [{ do: "send", text: note.text }]];
    case "saved":
      return afterwards({ ...note, saved: note.sending ?? note.saved, sending: null, failures: 0 }, PAUSE_MS);
    case "failed": {
      const failures = note.failures + 1;
      return afterwards({ ...note, sending: null, failures }, Math.min(LONGEST_PAUSE_MS, PAUSE_MS * 2 ** failures));
    }
  }
}

/** How it stands, for whoever writes it. */
export function statusOf(note: Note): NoteStatus {
  if (note.sending !== null) return "saving";
  if (!isSaved(note)) return note.failures > 0 ? "kept" : "typing";
  return note.saved.trim() === "" ? "empty" : "saved";
}

function isSaved(note: Note): boolean {
  return note.text === note.saved || (note.text.trim() === "" && note.saved === "");
}

function afterwards(note: Note, pauseMs: number): [Note, NoteEffect[]] {
  return [note, isSaved(note) ? [{ do: "keep" }] : [{ do: "keep" }, { do: "wait", ms: pauseMs }]];
}
