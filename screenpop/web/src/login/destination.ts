const PAGES = /^\/(phone|settings|cases(\/[A-Za-z0-9-]+)?)?$/;

/** Where the login leads: the page of ours that one came from, else the desk. Never to another site. */
export function destination(search: string): string {
  const to = new URLSearchParams(search).get("to") ?? "/";
  return PAGES.test(to) ? to : "/";
}
