import { StartError } from '../start-error.ts';

/** What an examination of one thing found. */
export interface Finding {
  readonly name: string;
  readonly state: 'ok' | 'warning' | 'failed';
  readonly detail: string;
  /** How to mend it. */
  readonly remedy?: string;
}

export const ok = (name: string, detail: string): Finding => ({ name, state: 'ok', detail });

export const warning = (name: string, detail: string, remedy: string): Finding => ({
  name,
  state: 'warning',
  detail,
  remedy,
});

export const failed = (name: string, detail: string, remedy?: string): Finding => ({
  name,
  state: 'failed',
  detail,
  ...(remedy !== undefined && { remedy }),
});

/** Examines something; what it throws is a finding too. */
export async function examined(name: string, examine: () => Promise<Finding>, remedy?: string): Promise<Finding> {
  try {
    return await examine();
  } catch (error) {
    const { message } = error as Error;
    return failed(name, message, error instanceof StartError ? undefined : remedy);
  }
}
