/**
 * Loaded into a server, and each thread of it, before all else. Each hash of a password costs it a quarter of a second,
 * on purpose, and tests sign up many people: with this it is bcrypt all the same, at the lowest cost. The stack that
 * tests share on the embedded default does without, so that all that is true of accounts is seen true at the real cost,
 * too.
 */

import bcrypt from 'bcrypt';

const LOWEST = 4;
const { hashSync } = bcrypt;
Object.assign(bcrypt, { hashSync: (password: string) => hashSync(password, LOWEST) });
