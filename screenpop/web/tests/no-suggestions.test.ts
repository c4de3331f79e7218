import { expect, it } from "vitest";
import { noSuggestions } from "../src/desk/no-suggestions";
import { aCall } from "./calls";

it("says why no article is suggested", () => {
  expect(noSuggestions(null)).toBe("suggestions.empty");
  expect(noSuggestions(aCall("a", { stage: "ivr" }))).toBe("suggestions.pending");
  expect(noSuggestions(aCall("a", { transcript: "" }))).toBe("suggestions.noWords");
  expect(noSuggestions(aCall("a", { transcript: "my llama is ill" }))).toBe("suggestions.none");
});
