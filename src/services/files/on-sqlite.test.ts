import { describe } from 'vitest';
import { filesOnDatabaseLaws } from './conformance/index.ts';
import { openTestFiles } from './testing.ts';

describe('files on SQLite', () => filesOnDatabaseLaws(openTestFiles));
