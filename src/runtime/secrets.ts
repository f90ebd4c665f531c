const NAMES =
  'password|client_password|clientPassword|client_secret|secret|token|access_token|refresh_token|authorization';

/** Each pattern keeps what tells a reader which secret stood here, and loses the secret. */
const PATTERNS: [RegExp, string][] = [
  // The share secret of a feed's URL.
  [/([?&]s=)[^&\s"'\\<>]+/g, '$1…'],
  // "Basic authentication" is prose: a credential has a capital, a digit or padding.
  [/\b([Bb]earer|[Bb]asic) +(?=[a-z._~+/-]*[A-Z0-9=])[A-Za-z0-9._~+/=-]+/g, '$1 …'],
  // A field of JSON, at any depth, also of JSON inside a string, where the quotes are escaped.
  [new RegExp(`((\\\\*)"(?:${NAMES})\\2"\\s*:\\s*\\2")(?:(?!\\2")(?:\\\\.|[^\\\\]))*(?=\\2")`, 'gi'), '$1…'],
  // The body of a form.
  [new RegExp(`\\b(${NAMES})=[^&\\s"'\\\\]+`, 'gi'), '$1=…'],
  // The user and password of a URL.
  [/\b([a-z][a-z0-9+.-]{0,20}:\/\/)[^/\s"'@]*@/gi, '$1…@'],
];

/** Too short a secret would be found inside ordinary words. */
const SHORTEST_SECRET = 6;

/** The text without what must not be read: the shapes of secrets, and `known` ones in clear, JSON or URL spelling. */
export function maskSecrets(text: string, known: string[] = []): string {
  let masked = text;
  for (const secret of known.filter(({ length }) => length >= SHORTEST_SECRET)) {
    for (const spelling of new Set([secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)])) {
      masked = masked.replaceAll(spelling, '…');
    }
  }
  for (const [pattern, kept] of PATTERNS) masked = masked.replace(pattern, kept);
  return masked;
}
