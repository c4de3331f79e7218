import { expect, it } from "vitest";
import { dayAndTime } from "../src/lib/dates";

it.each([
  ["en", /^22 Nov 2026\b.* 14:05$/],
  ["sv", /^22 nov\. 2026\b.* 14:05$/],
  ["nb", /^22\. nov\. 2026\b.* 14:05$/],
])("%s has the day first and 24 hours", (language, written) => {
  expect(dayAndTime(new Date(2026, 10, 22, 14, 5).getTime(), language)).toMatch(written);
});
