#!/usr/bin/env -S node --
// keg from a checkout: what makes oclif load devPlugins, every plugin of the workspace as `npm run build` compiled it.
process.env.NODE_ENV = 'development'
await import('./run.js')
