/**
 * Of a text that others wrote nothing may become a line or an entry of a file, move a terminal's cursor, or turn round what
 * follows it: controls, formats (bidirectional marks, zero width) and halves of pairs become one blank, as all separators do.
 */
export function oneLine(text: string): string {
  return text.replace(/[\s\p{Cc}\p{Cf}\p{Cs}]+/gu, ' ').trim();
}
