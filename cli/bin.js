#!/usr/bin/env -S node --max-semi-space-size=64
// A larger young generation: what a decision remembers for minutes is not copied to and fro first.
// Starts the CLI from any folder: the sources are TypeScript, which tsx loads as they are.
import { register } from 'tsx/esm/api';

register();
await import('./main.ts');
