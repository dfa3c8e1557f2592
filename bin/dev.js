#!/usr/bin/env -S node --
// The two dashes keep Node 20 from reading keg's own --env-file as its own.
// keg from a checkout: every plugin of the workspace is loaded, as `npm run build` compiled it.
import {execute, settings} from '@oclif/core'

// What makes oclif load devPlugins; its own option for that would show a stack trace for every mistyped flag.
process.env.NODE_ENV = 'development'
settings.enableAutoTranspile = false

await execute({dir: import.meta.url})
