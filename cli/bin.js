#!/usr/bin/env node
// Starts the CLI from any folder: the sources are TypeScript, which tsx loads as they are.
import { register } from 'tsx/esm/api';

register();
await import('./main.ts');
