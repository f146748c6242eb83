import fs from 'node:fs';
import { promisify } from 'node:util';

/**
 * File descriptors with promises. `fs.promises` wraps each in a FileHandle, which costs half as much again on a small
 * file.
 */
export const open = promisify(fs.open);
export const close = promisify(fs.close);
export const fdatasync = promisify(fs.fdatasync);
export const fsync = promisify(fs.fsync);
export const fstat = promisify(fs.fstat) as (descriptor: number) => Promise<fs.Stats>;

const writeOnce = promisify(fs.write) as (
  descriptor: number,
  buffer: Uint8Array,
  offset: number,
  length: number,
  position: number,
) => Promise<{ bytesWritten: number }>;

const writevOnce = promisify(fs.writev) as (
  descriptor: number,
  buffers: readonly Uint8Array[],
  position: number,
) => Promise<{ bytesWritten: number }>;

const readOnce = promisify(fs.read) as (
  descriptor: number,
  buffer: Uint8Array,
  offset: number,
  length: number,
  position: number,
) => Promise<{ bytesRead: number }>;

/** Writes all of the bytes at a position, however many calls it takes. */
async function writeBytes(descriptor: number, bytes: Uint8Array, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const { bytesWritten } = await writeOnce(descriptor, bytes, written, bytes.length - written, position + written);
    written += bytesWritten;
  }
}

/** The most buffers that one call of the operating system takes (IOV_MAX is 1,024 where it is known). */
const BUFFERS_PER_CALL = 512;

/** Writes all of the buffers, one after another, at a position. */
export async function writeAll(descriptor: number, buffers: readonly Uint8Array[], position: number): Promise<void> {
  let at = position;
  for (let first = 0; first < buffers.length; first += BUFFERS_PER_CALL) {
    const batch = buffers.slice(first, first + BUFFERS_PER_CALL);
    let done = batch.length === 1 ? 0 : (await writevOnce(descriptor, batch, at)).bytesWritten;
    for (const buffer of batch) {
      const already = Math.min(done, buffer.length);
      if (already < buffer.length) await writeBytes(descriptor, buffer.subarray(already), at + already);
      at += buffer.length;
      done -= already;
    }
  }
}

/** Fills the buffer from a position; answers how many bytes there were, fewer only at the end of the file. */
export async function readFully(descriptor: number, buffer: Uint8Array, position: number): Promise<number> {
  let read = 0;
  while (read < buffer.length) {
    const { bytesRead } = await readOnce(descriptor, buffer, read, buffer.length - read, position + read);
    if (bytesRead === 0) break;
    read += bytesRead;
  }
  return read;
}
