import { expect, it } from "vitest";
import { isSessionEnd, pauseBefore } from "../src/lib/live.svelte";
import { readMessage } from "../src/lib/messages";
import { destination } from "../src/login/destination";

it("tries again at once, then less and less often", () => {
  expect([0, 1, 2, 3, 9].map((attempt) => pauseBefore(attempt, 0))).toEqual([250, 500, 1000, 2000, 8000]);
  expect(pauseBefore(9, 1)).toBe(10_000);
});

it("does not come back to a session that has ended, but to a server that stops or is lost", () => {
  expect([4401, 1001, 1006].map(isSessionEnd)).toEqual([true, false, false]);
});

it("ignores messages that it does not know", () => {
  expect(readMessage('{"type":"weather"}')).toBeNull();
  expect(readMessage("[]")).toBeNull();
  expect(readMessage('{"type":"error","code":"x","message":"y"}')?.type).toBe("error");
});

it("leads back to our own pages only", () => {
  expect(destination("?to=%2Fphone")).toBe("/phone");
  expect(destination("?to=%2F%2Felsewhere.example")).toBe("/");
});
