/** The thread of `Checkpointer`: runs a checkpoint whenever it is told to. */
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';

const database = new DatabaseSync(workerData as string);
database.exec('PRAGMA synchronous = FULL; PRAGMA checkpoint_fullfsync = ON');
// PASSIVE: copies what it can without making anybody wait.
const checkpoint = database.prepare('PRAGMA wal_checkpoint(PASSIVE)');

parentPort?.on('message', (message: 'checkpoint' | 'close') => {
  if (message === 'checkpoint') {
    checkpoint.get();
  } else {
    database.close();
    parentPort?.close();
  }
});
