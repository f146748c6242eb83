/** What news goes over the broker: a topic, and what its messages hold. They say where to look, and hold no truth. */
export const TOPICS = {
  /** `{fileId}`: the file has due jobs. Shared by processors. */
  work: 'work',
  /** `{fileId}`: the file may be purged now. Shared by janitors; what they miss, their sweep finds. */
  purge: 'purge',
  /** `{position, type, fileId, ownerId, …}`: the log of events grew. Heard by every notifier. */
  events: 'events',
  /** `{position, type, userId}`: the log of what happened to accounts grew. Heard by every notifier, shared by janitors. */
  accounts: 'accounts',
} as const;
