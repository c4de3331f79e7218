import { expect, it } from "vitest";
import en from "../src/text/en.json";
import nb from "../src/text/nb.json";
import sv from "../src/text/sv.json";

function placeholders(text: string): string[] {
  return (text.match(/\{\w+\}/g) ?? []).sort();
}

it.each([
  ["sv", sv],
  ["nb", nb],
])("%s says everything that English says, with the same values in it", (_language, catalogue) => {
  expect(Object.keys(catalogue)).toEqual(Object.keys(en));
  for (const [key, text] of Object.entries(en)) {
    expect(placeholders((catalogue as Record<string, string>)[key] ?? "")).toEqual(placeholders(text));
  }
});
