import fc from 'fast-check';

/** Texts of situations, as situation.ts reads them: few values in few lists, so that much meets. */
const list = fc.constantFrom('tor', 'manual', 'mail:tor');
const value = fc.constantFrom('198.51.100.7', '198.51.100.8', '198.51.100.9');

const desiredLine = fc
  .tuple(list, value, fc.constantFrom('', 'reason=scanner', '14d', 'once=+3d', 'once=+1h'))
  .map((words) => words.join(' '));
const actualLine = fc
  .tuple(
    fc.oneof(list, fc.constant('adhoc-block')),
    value,
    fc.constantFrom('g0', 'g1', 'g2'),
    fc.constantFrom('+6d', '+1d', '-1d', 'once=+3d', 'once=-1h', 'start=+1d +6d', 'gone'),
    fc.constantFrom('', 'reason=scanner', '14d'),
    fc.subarray(['link', 'wrong']),
  )
  .map(([name, of, g, life, said, links]) => ({ name, of, g, life, said, links }));

/** As a tenant can be: links of one h have different generations, except where an import raced (then judgements do not). */
export const actual = fc
  .uniqueArray(actualLine, { maxLength: 9, selector: (it) => `${it.name} ${it.of} ${it.g}` })
  .map((lines) =>
    lines
      .map(({ name, of, g, life, said, links }, n) => {
        // By hand is always once.
        const lived = name === 'adhoc-block' && !life.startsWith('once') ? 'once=+3d' : life;
        return `${name} ${of} ${g} ${lived} ${said} id=j${n} ${links.map((link, at) => `${link}${3 * n + at}`).join(' ')}`;
      })
      .join('\n'),
  );
export const desired = fc
  .uniqueArray(desiredLine, { maxLength: 6, selector: (line) => line.split(' ').slice(0, 2).join(' ') })
  .map((lines) => lines.join('\n'));
