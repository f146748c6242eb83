import { v7, validate, version } from 'uuid';

/** A new UUIDv7 (RFC 9562) as lower-case text: sorts by the millisecond it was made in. */
export const newId = (): string => v7();

/** Whether a text is an id that `newId` could have made; upper case is none, so that one thing has one id. */
export const isId = (text: string): boolean => text === text.toLowerCase() && validate(text) && version(text) === 7;
