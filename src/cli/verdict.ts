import { lookUp } from '../incidents/verdicts/look-up.ts';
import { observableOfText } from '../incidents/write/observables.ts';
import { CommandRefused, EXIT, type Exit } from './exit.ts';
import { openToRead, readInput } from './intelligence.ts';
import { opinionJson, opinionLines } from './opinions.ts';
import type { Session } from './session.ts';

/** `verdict VALUE…`, or one a line from stdin: what the tenant says of each, by whom, and who says otherwise. */
export async function verdict(session: Session, values: readonly string[], { json }: { json: boolean }): Promise<Exit> {
  const fromStdin = values.length === 0 || (values.length === 1 && values[0] === '-');
  const texts = fromStdin ? linesOf(await readInput('-')) : values;
  const read = texts.map(observableOfText);
  const wrong = read.flatMap((it) => ('wrong' in it ? it.wrong : []));
  if (wrong.length > 0) throw new CommandRefused(EXIT.usage, wrong.join('\n'));
  const observables = read.flatMap((it) => ('value' in it ? it.value : []));
  const { client } = await openToRead(session);
  const opinions = [...(await lookUp(client, observables)).values()];
  if (json) session.print(JSON.stringify({ verdicts: opinions.map(opinionJson) }, null, 2));
  else
    for (const opinion of opinions) for (const line of opinionLines(opinion, client.serverNow())) session.print(line);
  return EXIT.done;
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}
