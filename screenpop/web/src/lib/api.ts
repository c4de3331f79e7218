/** The server's HTTP requests, as docs/architecture.md lays them down. */

import type {
  ArticleAnswer,
  CallerCard,
  CaseAnswer,
  CaseConflict,
  CaseList,
  Desk,
  DesksAnswer,
  Me,
  MembershipsAnswer,
  MembershipsChange,
  SavedCase,
} from "./records";

/** The server's no: `status` 0 where it could not be reached; `message` is for people where there is one. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    /** All that it said. */
    readonly answer: unknown = {},
  ) {
    super(message);
  }
}

/** What may be asked of a case, as its address has it. */
export type CaseCommand =
  | "classify" | "assign" | "takeover" | "note" | "hold" | "resume" | "solve" | "close" | "reopen" | "link" | "undo";

/** Who is logged in, and how far the server's clock is ahead of this one, in milliseconds. */
export async function fetchMe(): Promise<{ me: Me; aheadMs: number }> {
  const response = await ask("/api/me");
  const server = Date.parse(response.headers.get("Date") ?? "");
  const difference = server - Date.now();
  // The header counts whole seconds: a smaller difference is no difference.
  const aheadMs = Math.abs(difference) > 2000 ? difference : 0;
  return { me: (await response.json()) as Me, aheadMs };
}

/** A case with the newest of its history; `before`: with the lines before that one. */
export async function fetchCase(number: string, before: number | null = null): Promise<CaseAnswer> {
  const query = before === null ? "" : `?before=${before}`;
  return (await (await ask(`${caseAddress(number)}${query}`)).json()) as CaseAnswer;
}

/** A page of cases; values that are empty are not asked for. */
export async function fetchCases(wanted: Readonly<Record<string, string>>, signal: AbortSignal): Promise<CaseList> {
  const given = Object.entries(wanted).filter(([, value]) => value !== "");
  const query = new URLSearchParams(given).toString();
  return (await (await ask(`/api/cases?${query}`, { signal })).json()) as CaseList;
}

/** Asks for a change of a case; what stands in its way is `conflictOf` the Refusal. */
export async function changeCase(
  csrf: string,
  number: string,
  command: CaseCommand,
  body: Readonly<Record<string, unknown>>,
): Promise<SavedCase> {
  return (await (await post(csrf, `${caseAddress(number)}/${command}`, body)).json()) as SavedCase;
}

/** What somebody else has changed meanwhile, where that is why the server said no. */
export function conflictOf(error: unknown): CaseConflict | null {
  if (!(error instanceof Refusal) || error.status !== 409) return null;
  const answer = error.answer as Partial<CaseConflict>;
  return answer.current === undefined ? null : (answer as CaseConflict);
}

export async function fetchCaller(callId: string): Promise<CallerCard> {
  return (await (await ask(`/api/calls/${encodeURIComponent(callId)}/caller`)).json()) as CallerCard;
}

export async function changePassword(csrf: string, old: string, wanted: string): Promise<void> {
  await post(csrf, "/api/password", { old, new: wanted });
}

export async function fetchArticle(key: string, language: string): Promise<ArticleAnswer> {
  const query = new URLSearchParams({ language }).toString();
  return (await (await ask(`/api/articles/${encodeURIComponent(key)}?${query}`)).json()) as ArticleAnswer;
}

/** Where the caller's own voice is, as WAV. */
export function statementAddress(caseNumber: string): string {
  return `${caseAddress(caseNumber)}/statement.wav`;
}

export async function logIn(username: string, password: string): Promise<void> {
  await ask("/api/login", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ username, password }),
  });
}

export async function logOut(csrf: string): Promise<void> {
  await ask("/api/logout", { method: "POST", headers: { "X-CSRF-Token": csrf } });
}

export async function fetchDesks(): Promise<DesksAnswer> {
  return (await (await ask("/api/desks")).json()) as DesksAnswer;
}

/** Saves a desk, made of the version it bears; what is wrong with it is in the Refusal's answer. */
export async function saveDesk(csrf: string, desk: Desk): Promise<Desk> {
  return (await (await post(csrf, deskAddress(desk.key), desk, "PUT")).json()) as Desk;
}

export async function removeDesk(csrf: string, { key, version }: Desk): Promise<void> {
  await ask(`${deskAddress(key)}?version=${version}`, { method: "DELETE", headers: { "X-CSRF-Token": csrf } });
}

export async function fetchMemberships(): Promise<MembershipsAnswer> {
  return (await (await ask("/api/memberships")).json()) as MembershipsAnswer;
}

export async function saveMemberships(csrf: string, change: MembershipsChange): Promise<MembershipsAnswer> {
  return (await (await post(csrf, "/api/memberships", change, "PUT")).json()) as MembershipsAnswer;
}

function deskAddress(key: string): string {
  return `/api/desks/${encodeURIComponent(key)}`;
}

function caseAddress(number: string): string {
  return `/api/cases/${encodeURIComponent(number)}`;
}

function post(csrf: string, address: string, body: unknown, method = "POST"): Promise<Response> {
  const headers = { "Content-Type": "application/json", "X-CSRF-Token": csrf };
  return ask(address, { method, headers, body: JSON.stringify(body) });
}

async function ask(address: string, request: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(address, { ...request, credentials: "same-origin" });
  } catch (error) {
    if (request.signal?.aborted) throw error;
    throw new Refusal(0, "unreachable", "");
  }
  if (response.ok) return response;
  const body = (await response.json().catch(() => ({}))) as { error?: { code?: string; message?: string } };
  throw new Refusal(response.status, body.error?.code ?? "", body.error?.message ?? "", body);
}
