#!/usr/bin/env -S node --
// keg from a checkout: makes oclif load devPlugins, every plugin of the workspace as compiled by `npm run build`.
process.env.NODE_ENV = 'development'
await import('./run.js')
