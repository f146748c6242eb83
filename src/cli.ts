#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { setFlagsFromString } from 'node:v8';

// Bytes that pass through stand outside of V8's heap. By default every 64 MB of them make it mark the whole heap, which
// costs more than moving them; with this they count like what stands within. V8 of Node 24 does not know it.
if (Number.parseInt(process.versions.node, 10) >= 26) {
  setFlagsFromString('--external-memory-accounted-in-global-limit');
}
// Before anything else is loaded, because it only helps what is loaded after it; hence the import below.
enableCompileCache();
const { main } = await import('./commands/main.ts');
process.exitCode = await main(process.argv.slice(2), process.env);
