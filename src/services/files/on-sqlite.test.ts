import { describe } from 'vitest';
import { filesLaws } from './conformance/index.ts';
import { openTestFiles } from './testing.ts';

describe('files on SQLite', () => filesLaws(openTestFiles));
