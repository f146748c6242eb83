#!/usr/bin/env node
import { enableCompileCache } from 'node:module';

// Before anything else is loaded, because it only helps what is loaded after it; hence the import below.
enableCompileCache();
const { main } = await import('./commands/main.ts');
process.exitCode = await main(process.argv.slice(2), process.env);
