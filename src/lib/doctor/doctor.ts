import {findEndpoint} from '../engine/endpoint.js'
import {engineEnvironment} from '../engine/connection-environment.js'
import {withoutResolved} from '../process/resolved.js'
import {runCheck, type Check, type Finding, type LookOptions} from './check.js'
import {checkConfiguration} from './configuration-check.js'
import {connect, type Connection} from './connection.js'
import {checkEngineFolder, checkTemporaryFolder} from './disk-check.js'
import {checkEngine, checkAdvisories} from './engine-check.js'
import {checkInstallation, type Installation} from './keg-check.js'
import {checkLeftovers} from './leftover-check.js'
import {fixAll} from './fix.js'
import {checkProgram, PROGRAMS, SSH} from './programs.js'
import {checkRegistry} from './registry-check.js'
import {checkSyncs} from './sync-check.js'
import {readSystem} from '../process/system.js'
import type {FixResult} from './model.js'
import type {Work} from '../work/work.js'

/** What to examine. */
export interface DoctorOptions {
  readonly installation: Installation
  /** The registry to sign in to, instead of the configured one. */
  readonly registry: string | undefined
  /** Whether to fix what dead kegs left. */
  readonly fix: 'no' | 'dry-run' | 'yes'
  /** How long each check may take. */
  readonly timeoutMilliseconds?: number
}

/** The result of `keg doctor`. */
export interface DoctorReport {
  /** Whether nothing is missing and nothing will fail. */
  readonly ok: boolean
  /** The checks, in the order shown. */
  readonly checks: readonly Check[]
  /** What was done about leftovers; empty without `fix`. */
  readonly fixed: readonly FixResult[]
}

const TIMEOUT_MILLISECONDS = 15_000

/**
 * Runs all checks side by side, and fixes what can be fixed. All findings are in the report.
 * @throws UsageError `input-missing` if fixing needs an answer and nobody can be asked, MissingError if the engine goes away
 * while fixing, and the reason of the signal.
 */
export async function examine(parentWork: Work, options: DoctorOptions): Promise<DoctorReport> {
  const work = {...parentWork, environment: withoutResolved(parentWork.environment)}
  const {timeoutMilliseconds = TIMEOUT_MILLISECONDS} = options
  const limits = {timeoutMilliseconds}
  const connecting = connect(work, limits)
  // Whoever awaits it gets the error; nobody may be awaiting it yet.
  connecting.catch(() => undefined)
  try {
    const checks = await examineAll(work, options, connecting, limits)
    const connection = await connecting
    const {engine} = connection
    if (options.fix === 'no' || engine === undefined) return reportOf(checks)

    const fixed = await fixAll({...work, engine}, {dryRun: options.fix === 'dry-run'})
    const [leftovers, syncs] = await Promise.all([
      runCheck(work, LEFTOVERS, () => checkLeftovers(connection, work.environment), limits),
      runCheck(work, SYNCS, (signal) => checkSyncs({...work, signal}, {connecting}), limits),
    ])
    const again = [leftovers, syncs]
    return reportOf(
      checks.map((check) => again.find(({id}) => id === check.id) ?? check),
      fixed,
    )
  } finally {
    await (await connecting.catch(() => undefined))?.engine?.[Symbol.asyncDispose]()
  }
}

/** 0 if nothing is wrong (notices allowed), 4 if something needed is missing, otherwise 1. */
export function exitCodeOf({checks, ok}: DoctorReport): number {
  if (ok) return 0
  return checks.some(({status}) => status === 'missing') ? 4 : 1
}

export const ADVISORIES_CHECK = 'advisories'
const LEFTOVERS = {id: 'leftovers', title: 'leftovers'}
const SYNCS = {id: 'syncs', title: 'syncs'}

async function examineAll(
  work: Work,
  {installation, registry}: DoctorOptions,
  connecting: Promise<Connection>,
  limits: LookOptions,
): Promise<Check[]> {
  const {environment} = work
  const system = await readSystem()
  const endpoint = await findEndpoint(environment).catch(() => undefined)
  const plugins = installation.plugins.map(({name}) => name)
  // Their own limit is shorter, so that it names the program that hangs.
  const programLimit = limits.timeoutMilliseconds / 2
  const programEnvironment = endpoint === undefined ? environment : engineEnvironment(environment, endpoint)
  const programOptions = {plugins, system, timeoutMilliseconds: programLimit}
  // A check that waits for the engine gets the same time again after it.
  const doubledLimit = {timeoutMilliseconds: 2 * limits.timeoutMilliseconds}
  const subject = (id: string, title: string, find: (signal: AbortSignal) => Promise<Finding>): Promise<Check> =>
    runCheck(work, {id, title}, find, doubledLimit)

  return Promise.all([
    subject('keg', 'keg', () => Promise.resolve(checkInstallation(installation))),
    subject('configuration', 'configuration', () => checkConfiguration(environment)),
    subject('engine', 'engine', async () => {
      return checkEngine(work, {connection: await connecting, endpoint, system})
    }),
    subject(ADVISORIES_CHECK, 'advisories', async () => checkAdvisories(await connecting)),
    ...[...PROGRAMS, ...(endpoint?.kind === 'ssh' ? [SSH] : [])].map((program) =>
      subject(program.id, program.title, (signal) =>
        checkProgram({environment: programEnvironment, signal}, program, programOptions),
      ),
    ),
    subject('registry', 'registry', (signal) =>
      checkRegistry({...work, signal}, {registry, connecting, helperTimeoutMilliseconds: programLimit}),
    ),
    subject('disk-temporary', 'temporary files', () => checkTemporaryFolder()),
    subject('disk-engine', 'disk of the engine', async () => checkEngineFolder(await connecting)),
    subject(LEFTOVERS.id, LEFTOVERS.title, async () => checkLeftovers(await connecting, environment)),
    subject(SYNCS.id, SYNCS.title, (signal) => checkSyncs({...work, signal}, {connecting})),
  ])
}

function reportOf(checks: readonly Check[], fixed: readonly FixResult[] = []): DoctorReport {
  return {ok: checks.every(({status}) => status !== 'problem' && status !== 'missing'), checks, fixed}
}
