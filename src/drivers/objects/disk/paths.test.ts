import { array, assert, constantFrom, property } from 'fast-check';
import { expect, test } from 'vitest';
import { isKey, MAX_KEY_LENGTH } from '../keys.ts';
import { fromName, pathOfKey } from './paths.ts';

const key = array(constantFrom('a', 'b', '-', '.', '/', '0', 'z', 'abcdefgh'), { minLength: 1, maxLength: 40 })
  .map((characters) => characters.join('').slice(0, MAX_KEY_LENGTH))
  .filter(isKey);

test('every key has a path of its own, which tells the key', () => {
  assert(
    property(key, (text) => {
      const { folder, name } = pathOfKey(text);
      const first = folder.split('/', 1)[0];
      expect(folder === '' ? name.slice(1) : `${first}/${fromName(name)}`).toBe(text);
    }),
  );
});

test('no path is that of a folder of another, and no name is longer than file systems take', () => {
  assert(
    property(key, key, (one, other) => {
      const [path, otherPath] = [pathOfKey(one), pathOfKey(other)];
      expect(`${otherPath.folder}/`.startsWith(`${path.folder}/${path.name}/`)).toBe(false);
      expect(path.name.length).toBeLessThanOrEqual(255);
    }),
  );
});

test('what one owner stores within a minute stands in one folder', () => {
  const owner = '0198f000-0000-7000-8000-000000000000';
  const folderOf = (fileId: string, name: string) => pathOfKey(`${owner}/${fileId}/${name}`).folder;
  const file = '0198f3ab-1111-7000-8000-000000000000';
  expect(folderOf(file, 'original.jpg')).toBe(`${owner}/0198f3ab`);
  expect(folderOf(file, 'thumbnail-1.webp')).toBe(`${owner}/0198f3ab`);
  expect(pathOfKey(`in/${file}`).folder).toBe('in/0198f3ab');
});
