import { isLeaked } from './leaked.ts';

/**
 * What guessers try first (NIST SP 800-63B, 5.1.1.2): passwords that many people have, keys in a row, one thing again and
 * again, and what a program knows of the account. These are the words that head the lists of leaked passwords; what else is
 * on such a list is in leaked.txt. Both are found also with the ornaments that people add: capitals, digits and signs around
 * them, figures in the place of letters.
 */
const WORDS = new Set(
  `password passwort passwd passw0rd motdepasse contrasena wachtwoord parola senha haslo salasana parol sifre
  letmein welcome willkommen bienvenue bienvenido benvenuto admin administrator administrateur root toor login logmein signin user
  username guest test tester testing demo sample example default changeme changeit secret topsecret master superuser
  supervisor manager system server backup database oracle postgres mysql redis docker kubernetes internet computer
  laptop windows microsoft google facebook instagram linkedin twitter youtube amazon netflix spotify samsung iphone
  android apple holdfast files upload cloud storage
  iloveyou ilovegod iloveme loveyou loveme lovely love lover forever always sweetheart sweetie honey baby babygirl
  princess prince queen king angel angels devil heaven jesus christ jesuschrist godisgood blessed faith hope peace
  sunshine rainbow butterfly flower flowers sunflower rose summer winter spring autumn january february march april
  august september october november december monday tuesday wednesday thursday friday saturday sunday
  football soccer baseball basketball hockey tennis golf cricket rugby liverpool chelsea arsenal manchester barcelona
  realmadrid juventus ronaldo messi steelers cowboys yankees lakers eagles packers raiders patriots broncos redsox
  dragon monkey tiger lion eagle falcon shadow wolf panther phoenix unicorn dolphin elephant turtle chicken kitty kitten
  puppy doggy horse mustang bulldog spider scorpion buster maggie ginger pepper cookie chocolate cheese banana orange
  strawberry cherry apple peaches pumpkin coffee whiskey vodka pokemon pikachu naruto minecraft roblox fortnite starwars
  startrek batman superman spiderman ironman avengers matrix gandalf merlin hobbit skywalker vader jedi harrypotter
  hogwarts mickey mickeymouse snoopy scooby scoobydoo garfield simpsons tigger winnie hellokitty barbie cinderella
  michael michelle jennifer jessica ashley amanda nicole daniel andrew joshua matthew anthony thomas robert william
  richard charlie charles george jordan hunter taylor tyler austin brandon justin jasmine samantha stephanie elizabeth
  victoria natalie melissa heather alexander alexandra alexis christian christopher nicholas benjamin jonathan patrick
  sebastian maria marina carlos fernando alejandro gabriel isabella sophie thomas martin oliver
  computer whatever nothing something trustno access blink killer freedom hello helloworld goodbye friend friends
  family mother father brother sister money dollar million business company office school student teacher college
  university america canada england london paris berlin germany deutschland france australia brazil india china mexico
  newyork chicago dallas texas california florida boston
  ferrari porsche mercedes corvette camaro harley yamaha honda toyota nissan
  metallica nirvana slipknot eminem beatles rocknroll music guitar piano dance dancer
  ninja samurai warrior soldier army marine marines police pirate hacker cracker gamer player playboy pussycat fuckyou
  fuckoff asshole bitch biteme fuckme sexy
  crystal diamond silver golden gold platinum purple yellow black white green blue
  starter service support helpdesk opensesame zaq1 asdf qazwsx qwerty qwertz azerty
  abc abcd abcde abcdef abcdefg abcdefgh onetwothree`
    .split(/\s+/)
    .filter(Boolean),
);

/** Keys that lie in a row, and alphabets. */
const ROWS = [
  '`1234567890-=',
  'qwertyuiop[]',
  'asdfghjkl;',
  'zxcvbnm,./',
  'qwertzuiop',
  'azertyuiop',
  'yxcvbnm',
  'abcdefghijklmnopqrstuvwxyz',
  '01234567890123456789',
  '1q2w3e4r5t6y7u8i9o0p',
  'q1w2e3r4t5y6u7i8o9p0',
  '1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p',
  'qazwsxedcrfvtgbyhnujmikolp',
  'qweasdzxc',
  '147258369',
  '789456123',
].flatMap((row) => [row, [...row].reverse().join('')]);

const FIGURES: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '8': 'b',
  '9': 'g',
  '@': 'a',
  $: 's',
  '!': 'i',
  '+': 't',
};

/** Fewer different characters than this, however long. */
const MIN_DIFFERENT = 4;
/** As much of a password as a word must be for its ornaments not to save it. */
const MOSTLY = 0.55;

/** Whether the password is one that guessers try first. `email` in its normal form. */
export function isCommonPassword(password: string, email: string | undefined): boolean {
  // Letters in other widths and shapes are the same to guessers.
  const text = password.normalize('NFKC').toLowerCase();
  return isGuessable(text, email) || spellings(text).some((spelling) => isMostly(spelling, text) && isLeaked(spelling));
}

/** The same without the list of those that leaked. `text` in lower case. */
export function isGuessable(text: string, email: string | undefined): boolean {
  if (new Set(text).size < MIN_DIFFERENT || isRepeated(text) || isInRows(text)) return true;
  const known = email === undefined ? [] : [email, email.split('@')[0] as string];
  return spellings(text).some(
    (spelling) =>
      WORDS.has(spelling) || known.includes(spelling) || isWordsOnly(spelling) || isMostlyWord(spelling, text),
  );
}

/** The text, without the signs around and between, with and without digits at its ends, and with figures read as letters. */
function spellings(text: string): string[] {
  const bare = text.replace(/[^\p{L}\p{N}@$!+]/gu, '');
  const trimmed = text.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, '');
  return [...new Set([text, bare, trimmed, read(bare), read(trimmed), trim(read(trimmed))])].filter(
    (each) => each !== '',
  );
}

const read = (text: string): string => [...text].map((character) => FIGURES[character] ?? character).join('');
const trim = (text: string): string => text.replace(/^\P{L}+|\P{L}+$/gu, '');

/** One of the words that is most of the password: the rest is what people append. */
const isMostlyWord = (spelling: string, text: string): boolean => isMostly(spelling, text) && WORDS.has(spelling);

const isMostly = (spelling: string, text: string): boolean => spelling.length >= text.length * MOSTLY;

/** Two of the words, or one of them twice. */
function isWordsOnly(text: string): boolean {
  for (let at = 3; at <= text.length - 3; at++) {
    if (WORDS.has(text.slice(0, at)) && WORDS.has(text.slice(at))) return true;
  }
  return false;
}

/** `abcabcabc`. */
function isRepeated(text: string): boolean {
  for (let length = 1; length <= Math.min(6, text.length / 2); length++) {
    if (
      text ===
      text
        .slice(0, length)
        .repeat(text.length / length + 1)
        .slice(0, text.length)
    )
      return true;
  }
  return false;
}

/** All of it in at most three runs of neighbouring keys: `12345678`, `qwertyuiop`, `abcd1234`. */
function isInRows(text: string): boolean {
  let rest = text;
  for (let runs = 0; runs < 3 && rest !== ''; runs++) {
    const run = longestRun(rest);
    if (run < 3) return false;
    rest = rest.slice(run);
  }
  return rest === '';
}

function longestRun(text: string): number {
  let longest = 0;
  for (const row of ROWS) {
    for (let length = Math.min(text.length, row.length); length > longest; length--) {
      if (row.includes(text.slice(0, length))) longest = length;
    }
  }
  return longest;
}
