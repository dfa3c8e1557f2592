#!/usr/bin/env -S node --
// The two dashes keep Node 20 from reading keg's own --env-file as its own.
import module from 'node:module'
import {CLIError, ExitError} from '@oclif/core/errors'
import {flush} from '@oclif/core/flush'
import {handle} from '@oclif/core/handle'
import {run} from '@oclif/core/run'
import {settings} from '@oclif/core/settings'

const NOT_FOUND = 127
const WRONG_USE = 2

// Node 22 has it; Node 20 and its types do not.
/** @type {typeof module & {enableCompileCache?: () => unknown}} */
const {enableCompileCache} = module
enableCompileCache?.()
settings.enableAutoTranspile = false

try {
  await run(process.argv.slice(2), import.meta.url)
  await flush()
} catch (error) {
  // An unknown command is wrong use like any other; 127 is left to what a container says.
  if (error instanceof CLIError && !(error instanceof ExitError) && error.oclif.exit === NOT_FOUND)
    error.oclif.exit = WRONG_USE
  await handle(error instanceof Error ? error : new Error(String(error)))
}
