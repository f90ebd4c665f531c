/** Lines of formats that are not ours, and what to do about them. Asked only when a text is no observable. */
const FORMATS: readonly { readonly line: RegExp; readonly hint: string }[] = [
  {
    line: /^(?:0\.0\.0\.0|127\.0\.0\.1|::1?)\s+\S/,
    hint: 'this looks like a hosts file: a list has the name alone on its line',
  },
  {
    line: /^(?:@@)?\|\|.*\^|^\|\|/,
    hint: 'this looks like an ad-block filter: take the plain edition of that list, one name or URL a line',
  },
  {
    line: /^(?:address|server|local)=\//,
    hint: 'this looks like dnsmasq: a list has the name alone on its line',
  },
  {
    line: /^[^\s;#]+[;#]/,
    hint: 'what follows the value is a comment only after a blank: write a blank before ";" or "#"',
  },
  {
    line: /^"?[^\s,]+"?,/,
    hint: 'this looks like CSV: a list has one value a line, or TAB columns of which the first counts',
  },
  { line: /^\s*</, hint: 'this looks like HTML: the download was a web page, not the list' },
  { line: /^[[{]/, hint: 'this looks like JSON: a list has one value a line' },
  { line: /^-\s/, hint: 'a "-" before each value belongs to YAML: in a text file the value stands alone' },
];

export function formatHint(text: string): string | undefined {
  return FORMATS.find(({ line }) => line.test(text))?.hint;
}
