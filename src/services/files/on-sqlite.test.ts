import { describe } from 'vitest';
import { filesLaws } from './laws/index.ts';
import { openTestFiles } from './testing.ts';

describe('files on SQLite', () => filesLaws(openTestFiles));
