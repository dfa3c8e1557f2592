#!/usr/bin/env node
// keg from a checkout: every plugin of the workspace is loaded, as `npm run build` compiled it.
import {execute, settings} from '@oclif/core'

settings.enableAutoTranspile = false

await execute({development: true, dir: import.meta.url})
