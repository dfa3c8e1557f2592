#!/usr/bin/env -S node --
// The two dashes keep Node 20 from reading keg's own --env-file as its own.
import module from 'node:module'
// The whole of @oclif/core would be read for `keg --version` too, which takes a fifth longer then.
import {execute} from '@oclif/core/execute'
import {settings} from '@oclif/core/settings'

// Node 22 has it; Node 20 and its types do not.
/** @type {typeof module & {enableCompileCache?: () => unknown}} */
const {enableCompileCache} = module
enableCompileCache?.()
settings.enableAutoTranspile = false

await execute({dir: import.meta.url})
