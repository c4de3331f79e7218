/** The server's HTTP requests, as docs/architecture.md lays them down. */

import type { ArticleAnswer, CaseAnswer, Me } from "./records";

/** The server's no: `status` 0 where it could not be reached; `message` is for people where there is one. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** Who is logged in, and how far the server's clock is ahead of this one, in milliseconds. */
export async function fetchMe(): Promise<{ me: Me; aheadMs: number }> {
  const response = await ask("/api/me");
  const server = Date.parse(response.headers.get("Date") ?? "");
  const difference = server - Date.now();
  // The header counts whole seconds: a smaller difference is no difference.
  const aheadMs = Math.abs(difference) > 2000 ? difference : 0;
  return { me: (await response.json()) as Me, aheadMs };
}

export async function fetchCase(number: string): Promise<CaseAnswer> {
  return (await (await ask(`/api/cases/${encodeURIComponent(number)}`)).json()) as CaseAnswer;
}

export async function fetchArticle(key: string, language: string): Promise<ArticleAnswer> {
  const query = new URLSearchParams({ language }).toString();
  return (await (await ask(`/api/articles/${encodeURIComponent(key)}?${query}`)).json()) as ArticleAnswer;
}

/** Where the caller's own voice is, as WAV. */
export function statementAddress(caseNumber: string): string {
  return `/api/cases/${encodeURIComponent(caseNumber)}/statement.wav`;
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

async function ask(address: string, request: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(address, { ...request, credentials: "same-origin" });
  } catch {
    throw new Refusal(0, "unreachable", "");
  }
  if (response.ok) return response;
  const body = (await response.json().catch(() => ({}))) as { error?: { code?: string; message?: string } };
  throw new Refusal(response.status, body.error?.code ?? "", body.error?.message ?? "");
}
