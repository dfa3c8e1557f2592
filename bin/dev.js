#!/usr/bin/env node
// keg from a checkout: every plugin of the workspace is loaded, as `npm run build` compiled it.
import {execute, settings} from '@oclif/core'

// What makes oclif load devPlugins; its own option for that would show a stack trace for every mistyped flag.
process.env.NODE_ENV = 'development'
settings.enableAutoTranspile = false

await execute({dir: import.meta.url})
