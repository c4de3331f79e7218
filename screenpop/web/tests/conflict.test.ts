import { describe, expect, it } from "vitest";
import { disputes, withoutDisputed } from "../src/lib/conflict";
import type { CaseConflict } from "../src/lib/records";

function conflict(current: Record<string, string>, ...stale: string[]): CaseConflict {
  return { error: { code: "case_conflict", message: "" }, current: { case: current }, stale } as unknown as CaseConflict;
}

describe("two that have changed the same field", () => {
  it("are both shown, each with what they want", () => {
    const both = conflict({ title: "Toner", service: "printing" }, "title");
    expect(disputes({ title: "No paper", service: "network" }, both)).toEqual([
      { field: "title", theirs: "Toner", mine: "No paper" },
    ]);
  });

  it("want the same: there is nothing to choose", () => {
    expect(disputes({ service: "network" }, conflict({ service: "network" }, "service"))).toEqual([]);
  });

  it("leave my other fields to be saved when theirs is taken", () => {
    const both = conflict({ title: "Toner" }, "title");
    expect(withoutDisputed({ title: "No paper", service: "network" }, both)).toEqual({ service: "network" });
    expect(withoutDisputed({ title: "No paper" }, both)).toEqual({});
  });

  it("do not differ in what only the server sets beside a field", () => {
    expect(disputes({ service: "network" }, conflict({ service: "network" }, "because"))).toEqual([]);
  });
});
