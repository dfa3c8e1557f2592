#!/usr/bin/env node
import module from 'node:module'
import {execute, settings} from '@oclif/core'

// Node 22 has it; Node 20 and its types do not.
/** @type {typeof module & {enableCompileCache?: () => unknown}} */
const {enableCompileCache} = module
enableCompileCache?.()
settings.enableAutoTranspile = false

await execute({dir: import.meta.url})
