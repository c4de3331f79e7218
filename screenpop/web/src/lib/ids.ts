/** Names for changes, so that one that is sent twice is carried out once. */

/** A new id: 32 hexadecimal digits. Not `randomUUID`, which plain http has only on this machine itself. */
export function newId(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
