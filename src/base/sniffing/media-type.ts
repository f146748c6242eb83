/** A content type as a client declared it. */
export interface MediaType {
  /** Lower case, without parameters. */
  readonly type: string;
  /** Lower case. */
  readonly charset?: string;
}

/** RFC 6838, section 4.2, which knows no `*`. */
const NAME = '[a-z0-9][a-z0-9!#$&^_.+-]{0,126}';
const TYPE = new RegExp(`^\\s*(${NAME}/${NAME})\\s*(?:;|$)`);
const CHARSET = /;\s*charset\s*=\s*"?([a-z0-9][a-z0-9!#$&^_.+:-]{0,39})"?\s*(?:;|$)/;

/** Undefined for what is no content type. Of the parameters only the charset is kept. */
export function parseMediaType(text: string): MediaType | undefined {
  if (text.length > 1_000) return undefined;
  const lower = text.toLowerCase();
  const type = TYPE.exec(lower)?.[1];
  if (type === undefined) return undefined;
  const charset = CHARSET.exec(lower)?.[1];
  return charset === undefined ? { type } : { type, charset };
}

export const formatMediaType = ({ type, charset }: MediaType): string =>
  charset === undefined ? type : `${type}; charset=${charset}`;

const TEXT_LIKE =
  /^(text\/.+|message\/rfc822|.+[+/](json|xml|yaml)|application\/(x-)?(csv|ecmascript|graphql|httpd-php|javascript|json5|jsonl|latex|ld\+json|mbox|ndjson|pem-file|perl|python|sh|sql|subrip|tex|toml|typescript|www-form-urlencoded|yaml))$/;

/** Whether files of a type are text, which no first bytes give away. */
export const isTextLike = (type: string): boolean => TEXT_LIKE.test(type);
