/** Where the login leads: the page of ours that one came from, else the desk. Never to another site. */
export function destination(search: string): string {
  const to = new URLSearchParams(search).get("to") ?? "/";
  return ["/", "/phone"].includes(to) ? to : "/";
}
