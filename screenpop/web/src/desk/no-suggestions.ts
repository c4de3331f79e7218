/** Why no article is suggested, as the key of its text.  Pure. */

import type { Call } from "../lib/records";
import type { TextKey } from "../lib/text.svelte";

/** The text that stands in the place of suggestions for this call; null: no call is in front. */
export function noSuggestions(call: Call | null): TextKey {
  if (call === null) return "suggestions.empty";
  if (call.stage === "ivr") return "suggestions.pending";
  return call.transcript.trim() === "" ? "suggestions.noWords" : "suggestions.none";
}
