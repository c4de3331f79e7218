import { describe, expect, it } from "vitest";
import { deskOf, draftOf, newDesk, newSpan } from "../src/settings/desk-draft";

const DESK = {
  ...newDesk(),
  key: "hr",
  name: "HR",
  numbers: ["200", "+46101234"],
  queue: "people",
  languages: ["en" as const, "sv" as const],
  greeting: { sv: "Hej" },
  menu: { "1": "payroll", "3": "leave" },
  hours: { spans: [newSpan()], time_zone: "Europe/Oslo", holidays: "NO", closed_days: ["2026-12-24"] },
};

describe("a desk in its form", () => {
  it("comes back as it was", () => {
    expect(deskOf(draftOf(DESK))).toEqual(DESK);
  });

  it("has its numbers and days apart however they are written", () => {
    const draft = { ...draftOf(DESK), numbers: " 200;201\n 202,", closedDays: "2026-12-24  2026-12-31" };
    expect(deskOf(draft).numbers).toEqual(["200", "201", "202"]);
    expect(deskOf(draft).hours.closed_days).toEqual(["2026-12-24", "2026-12-31"]);
  });

  it("has a queue of its own name where none is said", () => {
    expect(deskOf({ ...draftOf(newDesk()), key: "it" }).queue).toBe("it");
  });
});
