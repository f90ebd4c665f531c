#!/usr/bin/env node
import { main } from './cli/main.ts';
import { keepHeapSmall } from './runtime/heap.ts';

keepHeapSmall();
goOnWithoutReaders();
await main(process.argv, process.env);

/** Who reads us may have seen enough (`| head`) or be gone: a worker goes on all the same, and a command ends as it would have. */
function goOnWithoutReaders(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
}
