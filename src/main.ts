#!/usr/bin/env node
/** Starts the program, which is program.ts; before any of it is loaded, V8 is told how to treat the memory of a start. */
import { holdYoungGeneration } from './command-line/heap-room.ts';

holdYoungGeneration();
await import('./program.ts');
