/** One package by keg, and what it used: time, memory, processors. */
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {text} from 'node:stream/consumers'
import {pathToFileURL} from 'node:url'
import type {Sandbox} from '../../test/support/docker.js'
import {prepare, program} from '../../test/support/keg.js'
import {busyMilliseconds} from './measure.js'
import type {ProcessorTime} from './results.js'

const reporter = pathToFileURL(join(import.meta.dirname, 'report-resources.js')).href

/** After that, keg is taken to have stopped working. */
const TIMEOUT_MILLISECONDS = 20 * 60_000

export interface PackageOptions {
  readonly via: 'engine' | 'registry'
  /** A folder for what keg keeps between packages. */
  readonly state: string
  /** The process of the registry that it goes to. */
  readonly registryPid?: number
}

export interface KegPackage {
  readonly milliseconds: number
  readonly pausedMilliseconds: number
  readonly bytes: number
  readonly entries: number
  readonly memoryBytes: number
  readonly processorTime: ProcessorTime
}

/** Packages a container as a user does, and pushes it as the reference. Throws with what keg said if it fails. */
export async function packageWithKeg(
  sandbox: Sandbox,
  container: string,
  reference: string,
  {registryPid, state, via}: PackageOptions,
): Promise<KegPackage> {
  const resources = join(await sandbox.temporaryFolder('resources'), 'resources')
  const kegArguments = ['docker', 'package', container, '--tag', reference, '--via', via, '--push', '--yes', '--json']
  const env = {NODE_OPTIONS: `--import=${reporter}`, REPORT_RESOURCES: resources, XDG_STATE_HOME: state}
  const {end, environment, folder} = await prepare([...kegArguments, '--replace-tag'], {env})
  const [allBefore, registryBefore] = [busyMilliseconds(), await processMilliseconds(registryPid)]
  const startedAt = performance.now()
  const child = spawn(process.execPath, ['--', program, ...kegArguments, '--replace-tag'], {
    cwd: folder,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: TIMEOUT_MILLISECONDS,
  })
  const [stdout, stderr, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>,
  ])
  const milliseconds = performance.now() - startedAt
  const [all, registry] = [busyMilliseconds() - allBefore, (await processMilliseconds(registryPid)) - registryBefore]
  const {json} = await end({stdout, stderr, code, signal})
  if (code !== 0) throw new Error(`keg ended with ${code ?? signal ?? 'nothing'}: ${stderr.trim()}`)
  const {bytes, entries, pausedMilliseconds} = json()
  const used = JSON.parse(await readFile(resources, 'utf8')) as {memoryBytes: number; processorTime: number}
  return {
    milliseconds,
    pausedMilliseconds: Number(pausedMilliseconds),
    bytes: Number(bytes),
    entries: Number(entries),
    memoryBytes: used.memoryBytes,
    processorTime: {keg: used.processorTime / 1000, registry, all},
  }
}

/** Milliseconds of processors that a process has used (proc(5): in ticks of 10 ms); 0 if it cannot be known. */
async function processMilliseconds(pid: number | undefined): Promise<number> {
  const stat = pid === undefined ? undefined : await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  // The name in parentheses may have spaces.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? []
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * 10
}
