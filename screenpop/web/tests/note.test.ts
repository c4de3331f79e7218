import { describe, expect, it } from "vitest";
import { newNote, statusOf, step, type Note, type NoteEffect, type NoteEvent } from "../src/lib/note";

function after(note: Note, ...events: NoteEvent[]): { note: Note; effects: NoteEffect[] } {
  let effects: NoteEffect[] = [];
  for (const event of events) [note, effects] = step(note, event);
  return { note, effects };
}

const typed = (text: string): NoteEvent => ({ type: "typed", text });
const sends = (effects: readonly NoteEffect[]) => effects.flatMap((effect) => (effect.do === "send" ? effect.text : []));
const waits = (effects: readonly NoteEffect[]) => effects.flatMap((effect) => (effect.do === "wait" ? effect.ms : []));
const START = newNote("anna/1");

describe("a note that is being written", () => {
  it("is kept in the browser at once, and sent when the typing pauses", () => {
    const writing = after(START, typed("Toner"));
    expect(writing.effects.map((effect) => effect.do)).toEqual(["keep", "wait"]);
    expect(statusOf(writing.note)).toBe("typing");
    const sending = after(writing.note, { type: "paused" });
    expect(sends(sending.effects)).toEqual(["Toner"]);
    expect(statusOf(sending.note)).toBe("saving");
    expect(statusOf(after(sending.note, { type: "saved" }).note)).toBe("saved");
  });

  it("is sent one save at a time, and what was typed meanwhile after it", () => {
    const sending = after(START, typed("Toner"), { type: "paused" }, typed("Toner ordered"), { type: "paused" });
    expect(sending.effects).toEqual([]);
    const saved = after(sending.note, { type: "saved" });
    expect(statusOf(saved.note)).toBe("typing");
    expect(waits(saved.effects)).toHaveLength(1);
    expect(sends(after(saved.note, { type: "paused" }).effects)).toEqual(["Toner ordered"]);
  });

  it("that could not be saved stays, says so, and is sent again after ever longer pauses", () => {
    let { note, effects } = after(START, typed("Toner"), { type: "paused" }, { type: "failed" });
    expect(statusOf(note)).toBe("kept");
    const pauses = [];
    for (let time = 0; time < 8; time++) {
      pauses.push(...waits(effects));
      ({ note, effects } = after(note, { type: "paused" }, { type: "failed" }));
    }
    expect(note.text).toBe("Toner");
    expect(pauses).toEqual([...pauses].sort((one, other) => one - other));
    expect(pauses.at(-1)).toBe(30_000);
    expect(statusOf(after(note, { type: "paused" }, { type: "saved" }).note)).toBe("saved");
  });

  it("is empty where nothing but spaces is written, and nothing is sent", () => {
    const { note, effects } = after(START, typed("  "), { type: "paused" });
    expect(effects).toEqual([]);
    expect(statusOf(note)).toBe("empty");
  });

  it("that was saved and is deleted is saved as empty", () => {
    const { effects } = after(newNote("anna/1", "Toner", "Toner"), typed(""), { type: "paused" });
    expect(sends(effects)).toEqual([""]);
  });

  it("goes on after a reload with what the browser has kept", () => {
    const kept = newNote("anna/1", "Toner ordered", "Toner");
    expect(statusOf(kept)).toBe("typing");
    expect(sends(after(kept, { type: "paused" }).effects)).toEqual(["Toner ordered"]);
  });
});
