/** Whether a content type (parameters aside) is `pattern`, or in the family that `image/*` names. */
export function matchesType(contentType: string, pattern: string): boolean {
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  return pattern === '*/*' || type === pattern || (pattern.endsWith('/*') && type.startsWith(pattern.slice(0, -1)));
}
