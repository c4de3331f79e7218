/** Where on the desk one is, as the address bar has it.  Pure. */

export type Place =
  | { readonly page: "calls" }
  | { readonly page: "cases" }
  | { readonly page: "case"; readonly number: string };

const CASE = /^\/cases\/([^/]+)$/;

/** The place that this path names; an unknown one is the desk itself. */
export function placeOf(path: string): Place {
  if (path === "/cases") return { page: "cases" };
  const number = CASE.exec(path)?.[1];
  return number === undefined ? { page: "calls" } : { page: "case", number: decoded(number).toUpperCase() };
}

/** The path of this place. */
export function pathOf(place: Place): string {
  if (place.page === "case") return `/cases/${encodeURIComponent(place.number)}`;
  return place.page === "cases" ? "/cases" : "/";
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
