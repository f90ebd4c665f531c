import { writeSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { spec } from 'node:test/reporters';

/** The pipe to the process that started this test file. */
const TO_RUNNER = 3;
/** The counts that end each file's report would drown the tests; the runner prints one for all. */
const COUNTS = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) \d/;

/**
 * Node's spec reporter for people, and beside it one line of JSON for each test, so that the runner can count, name
 * what is left out, and say which test was running when a file hangs.
 */
// biome-ignore lint/style/noDefaultExport: a reporter is loaded by its default export
export default async function* report(events) {
  const forPeople = new PassThrough({ objectMode: true });
  const lines = forPeople.pipe(new spec());
  const told = (async () => {
    for await (const event of events) {
      const { type, data } = event;
      if (type === 'test:dequeue') tell({ began: data.name });
      if (type === 'test:complete') tell({ ended: data.name });
      if ((type === 'test:pass' || type === 'test:fail') && data.details.type !== 'suite') {
        const left = data.skip !== undefined && data.skip !== false;
        tell({ outcome: left ? 'skip' : type.slice('test:'.length), name: data.name, reason: data.skip });
      }
      if (type !== 'test:diagnostic' || !COUNTS.test(data.message)) forPeople.write(event);
    }
    forPeople.end();
  })();
  yield* lines;
  await told;
}

function tell(what) {
  writeSync(TO_RUNNER, `${JSON.stringify(what)}\n`);
}
