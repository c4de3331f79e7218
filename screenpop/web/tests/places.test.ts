import { describe, expect, it } from "vitest";
import { destination } from "../src/login/destination";
import { choices } from "../src/lib/choices";
import { agentNow, colleagues } from "../src/lib/colleagues";
import { pathOf, placeOf } from "../src/lib/place";
import { SHORTCUTS } from "../src/lib/shortcuts";
import { anAgent } from "./calls";

describe("a place of the desk", () => {
  it.each(["/", "/cases", "/cases/C-000123"])("%s is found by its path and gives it back", (path) => {
    expect(pathOf(placeOf(path))).toBe(path);
  });

  it("is a case however its number is written", () => {
    expect(placeOf("/cases/c-000123")).toEqual({ page: "case", number: "C-000123" });
    expect(placeOf("/cases/%E0%A4%A")).toEqual({ page: "case", number: "%E0%A4%A" });
  });

  it("is the desk where nothing else is known", () => {
    expect(placeOf("/elsewhere")).toEqual({ page: "calls" });
  });

  it("is where the login leads, and no other site is", () => {
    expect(destination("?to=%2Fcases%2FC-000123")).toBe("/cases/C-000123");
    expect(destination("?to=%2F%2Fevil.example")).toBe("/");
    expect(destination("?to=%2Fcases%2F..%2Fx")).toBe("/");
  });
});

describe("what a field may be", () => {
  it.each(["service", "category", "impact", "urgency"] as const)("%s is chosen by one key each, and none twice", (field) => {
    const keys = choices(field, "").map(({ key }) => key);
    expect(keys.length).toBeGreaterThan(2);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys).not.toContain("");
  });

  it("has the value in it that a case bears and no catalogue knows", () => {
    expect(choices("service", "fax").at(-1)?.value).toBe("fax");
  });
});

it("gives no key to two actions", () => {
  const keys = SHORTCUTS.flatMap((shortcut) => shortcut.keys);
  expect(new Set(keys).size).toBe(keys.length);
});

describe("a colleague", () => {
  it("is in a call while there is one, and cannot be reached where the phone is away", () => {
    expect(agentNow(anAgent({ presence: "talking", calls: ["a"] }))).toBe("talking");
    expect(agentNow(anAgent({ reachable: false }))).toBe("unreachable");
    expect(agentNow(anAgent({ presence: "away", away_because: "unreachable" }))).toBe("unreachable");
    expect(agentNow(null)).toBe("away");
  });

  it("is listed by what they can take, then by name, and I am not", () => {
    const person = (username: string, name: string) => [username, { username, name, role: "agent" as const }] as const;
    const people = new Map([person("anna", "Anna"), person("bo", "Bo"), person("cia", "Cia"), person("dan", "Dan")]);
    const agents = new Map([["dan", anAgent({ username: "dan" })]]);
    expect(colleagues(people, agents, "anna").map(({ person: { name } }) => name)).toEqual(["Dan", "Bo", "Cia"]);
  });
});
