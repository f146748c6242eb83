import { configureTextEncoding } from '@bufbuild/protobuf/wire';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Texts of messages must be UTF-8 (protobuf.dev, "Language Guide (proto 3)"). Left alone, the library puts U+FFFD for
 * what is not, and two owners who differ in nothing else would be one.
 */
export function refuseWhatIsNoText(): void {
  configureTextEncoding({
    checkUtf8: (text) => text.isWellFormed(),
    encodeUtf8: (text) => encoder.encode(text),
    encodeUtf8Into: (text, target) => encoder.encodeInto(text, target),
    decodeUtf8: (bytes) => decoder.decode(bytes),
  });
}
