/**
 * `node --import` of this file appends the path of every module that a program loads to the file in RECORD_MODULES, one
 * a line. Node runs it twice: in the program, and as its loader, which sees only the ES modules.
 */
import {appendFileSync} from 'node:fs'
import {createRequire, register} from 'node:module'
import {isMainThread} from 'node:worker_threads'

const record = process.env.RECORD_MODULES ?? '/dev/null'

if (isMainThread) {
  register(import.meta.url)
  process.on('exit', () => {
    const paths = Object.keys(createRequire(import.meta.url).cache)
    appendFileSync(record, paths.map((path) => `${path}\n`).join(''))
  })
}

/** @type {import('node:module').LoadHook} */
export async function load(url, context, nextLoad) {
  if (url.startsWith('file:')) appendFileSync(record, `${decodeURIComponent(new URL(url).pathname)}\n`)
  return nextLoad(url, context)
}
