/** A call with something of everything in it; nobody ever sees it. */

import type { Call, CaseSummary } from "../lib/records";

const words = ["a", "b", "c"];
const aCase: CaseSummary = {
  number: "",
  title: "a",
  service: "printing",
  category: "incident",
  impact: "one",
  urgency: "works",
  priority: 5,
  because: { service: ["a"], urgency: ["b", "c"] },
  has_statement: false,
  opened_ms: 1,
  status: "open",
};

export const specimen: Call = {
  call_id: "",
  node: "",
  stage: "offered",
  sip_call_id: "",
  number: "1",
  name: "",
  codec: "",
  dialled: "100",
  desk: "it",
  why: "open",
  match: "one",
  how: "ani",
  contact_id: 1,
  contact_name: "a",
  language: "en",
  transcript: words.join(" "),
  confidence: 1,
  words: words.map((text, index) => ({ text, start_s: index, end_s: index + 1, confidence: index / 2 })),
  statement_id: "",
  case: aCase,
  open_cases: [aCase],
  suggestions: words.map((article) => ({ article, title: "a", score: 1, because: ["b"] })),
  similar: [aCase],
  queue: "",
  position: null,
  agent: null,
  offers: [],
  marks: {},
  dialogue: "",
  outcome: null,
};
