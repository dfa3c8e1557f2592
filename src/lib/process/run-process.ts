import {stat} from 'node:fs/promises'
import {withoutResolved} from '../environment/resolved.js'
import {FailedError, MissingError} from '../error/keg-error.js'
import {printable} from '../terminal/text.js'

/** A child process to run to its end. */
export interface ProcessOptions {
  /** Program and arguments; no shell ever sees them. */
  readonly command: readonly [string, ...string[]]
  readonly input?: string
  readonly signal?: AbortSignal
  readonly timeoutMilliseconds?: number
  /** How much it may print, on standard output and on standard error each; default: 100 MB. */
  readonly mostOutputBytes?: number
  readonly environment?: NodeJS.ProcessEnv
  readonly directory?: string
}

/** What a child process left behind; a code other than zero is not an error here. */
export interface ProcessResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** How long output is read on after a program has ended. */
const LAST_WORDS_MILLISECONDS = 500

/**
 * Runs a program and waits for its end. The one place of keg that starts processes.
 * @throws MissingError `program-missing` when there is no such program, FailedError `program-timeout` when it takes too
 * long, `program-output-endless` when it prints too much, `folder-missing` when it is to run in a folder that is not
 * there. Whatever it printed stays out of the message: it may hold a secret.
 */
export async function runProcess(options: ProcessOptions): Promise<ProcessResult> {
  const {execa} = await import('execa')
  const [program, ...parameters] = options.command
  const child = execa(program, parameters, {
    reject: false,
    stripFinalNewline: false,
    ...(options.input === undefined ? {stdin: 'ignore'} : {input: options.input}),
    ...(options.signal === undefined ? {} : {cancelSignal: options.signal}),
    ...(options.timeoutMilliseconds === undefined ? {} : {timeout: options.timeoutMilliseconds}),
    ...(options.mostOutputBytes === undefined ? {} : {maxBuffer: options.mostOutputBytes}),
    // What keg itself resolved is for its own flags: a keg that the program calls would take it for the user's word.
    env: withoutResolved(options.environment ?? process.env),
    extendEnv: false,
    ...(options.directory === undefined ? {} : {cwd: options.directory}),
  })
  // What a program leaves running may hold its output open for good.
  child.once('exit', () => {
    setTimeout(() => {
      child.stdout.destroy()
      child.stderr.destroy()
    }, LAST_WORDS_MILLISECONDS).unref()
  })
  const result = await child
  options.signal?.throwIfAborted()
  if (result.timedOut)
    throw new FailedError(
      `${printable(program)} did not answer within ${(options.timeoutMilliseconds ?? 0) / 1000} s.`,
      {
        code: 'program-timeout',
        hint: `Run it by hand to see what it waits for.`,
      },
    )
  if (result.isMaxBuffer)
    throw new FailedError(`${printable(program)} prints without end, and was ended.`, {
      code: 'program-output-endless',
      hint: 'Run it by hand to see what it prints.',
    })
  if (result.code === 'ENOENT' && options.directory !== undefined && !(await isFolder(options.directory)))
    throw new FailedError(
      `${printable(program)} cannot run in ${printable(options.directory)}: there is no such folder.`,
      {
        code: 'folder-missing',
        hint: 'Make it, or name another.',
      },
    )
  if (result.code === 'ENOENT' || result.code === 'EACCES')
    throw new MissingError(`The program ${printable(program)} is not on the PATH.`, {
      code: 'program-missing',
      hint: `Install ${printable(program)}, or take away the setting that names it.`,
    })
  return {exitCode: result.exitCode ?? 1, stdout: result.stdout, stderr: result.stderr}
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true
}
