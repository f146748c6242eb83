/** What a thread is asked. */
export type Task =
  | { readonly task: 'hash'; readonly password: string; readonly cost: number }
  | { readonly task: 'compare'; readonly password: string; readonly hash: string };

/** What it answers: one for each task, in their order. */
export type Answer = { readonly result: string | boolean } | { readonly error: Error };
