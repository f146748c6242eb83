/** What the contract always answers, though its wire form could leave it out. */
export function present<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError('A required part of a message is not set');
  return value;
}
