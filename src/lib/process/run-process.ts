import {stat} from 'node:fs/promises'
import {startChild} from './start-child.js'
import {FailedError, MissingError} from '../error/keg-error.js'
import {printable} from '../terminal/text.js'

/** A child process to run to its end. */
export interface ProcessOptions {
  /** Program and arguments, never passed to a shell. */
  readonly command: readonly [string, ...string[]]
  readonly input?: string
  readonly signal?: AbortSignal
  readonly timeoutMilliseconds?: number
  /** The maximum output, for standard output and standard error each; default: 100 MB. */
  readonly maxOutputBytes?: number
  readonly environment?: NodeJS.ProcessEnv
  readonly directory?: string
}

/** The result of a child process; a nonzero exit code is not an error here. */
export interface ProcessResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** How long to read output after a program has ended. */
const DRAIN_MILLISECONDS = 500

/**
 * Runs a program and waits for its end.
 * @throws MissingError `program-missing` if the program does not exist, FailedError `program-timeout` if it takes too long,
 * `program-output-endless` if it prints too much, `folder-missing` if its folder does not exist. The message never contains
 * its output, which can be secret.
 */
export async function runProcess(options: ProcessOptions): Promise<ProcessResult> {
  const [program] = options.command
  const {child} = await startChild(options.command, options.environment ?? process.env, {
    stripFinalNewline: false,
    ...(options.input === undefined ? {stdin: 'ignore'} : {input: options.input}),
    ...(options.signal === undefined ? {} : {cancelSignal: options.signal}),
    ...(options.timeoutMilliseconds === undefined ? {} : {timeout: options.timeoutMilliseconds}),
    ...(options.maxOutputBytes === undefined ? {} : {maxBuffer: options.maxOutputBytes}),
    ...(options.directory === undefined ? {} : {cwd: options.directory}),
  })
  // A process that a program leaves running can keep its output open forever.
  child.once('exit', () => {
    setTimeout(() => {
      child.stdout.destroy()
      child.stderr.destroy()
    }, DRAIN_MILLISECONDS).unref()
  })
  const result = await child
  options.signal?.throwIfAborted()
  if (result.timedOut)
    throw new FailedError(
      `${printable(program)} did not answer within ${(options.timeoutMilliseconds ?? 0) / 1000} s.`,
      {
        code: 'program-timeout',
        hint: `Run it by hand to see what it is waiting for.`,
      },
    )
  if (result.isMaxBuffer)
    throw new FailedError(`${printable(program)} printed too much, and was stopped.`, {
      code: 'program-output-endless',
      hint: 'Run it by hand to see what it prints.',
    })
  if (result.code === 'ENOENT' && options.directory !== undefined && !(await isFolder(options.directory)))
    throw new FailedError(
      `${printable(program)} cannot run in ${printable(options.directory)}: there is no such folder.`,
      {
        code: 'folder-missing',
        hint: 'Create it, or use another.',
      },
    )
  if (result.code === 'ENOENT' || result.code === 'EACCES')
    throw new MissingError(`The program ${printable(program)} is not on the PATH.`, {
      code: 'program-missing',
      hint: `Install ${printable(program)}, or remove the setting that names it.`,
    })
  return {exitCode: result.exitCode ?? 1, stdout: result.stdout, stderr: result.stderr}
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true
}
