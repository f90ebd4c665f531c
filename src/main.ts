#!/usr/bin/env node
import { main } from './cli/main.ts';
import { keepHeapSmall } from './runtime/heap.ts';

keepHeapSmall();
await main(process.argv, process.env);
