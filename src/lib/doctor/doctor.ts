import type {Questions} from '../command/ask.js'
import {findEndpoint} from '../engine/endpoint.js'
import {engineEnvironment} from '../engine/connection-environment.js'
import {withoutResolved} from '../environment/resolved.js'
import {look, type Check, type Finding, type LookOptions} from './check.js'
import {checkConfiguration} from './configuration-check.js'
import {connect, type Connection} from './connection.js'
import {checkEngineFolder, checkTemporaryFolder} from './disk-check.js'
import {checkEngine, checkHoles} from './engine-check.js'
import {checkInstallation, type Installation} from './keg-check.js'
import {checkLeftovers} from './leftover-check.js'
import {mendLeftovers, type Mended} from './mend.js'
import {mendSyncs} from './mend-syncs.js'
import {checkProgram, PROGRAMS, SSH} from './programs.js'
import {checkRegistry} from './registry-check.js'
import {checkSyncs} from './sync-check.js'
import {readSystem} from './system.js'

/** What is to be examined. */
export interface DoctorOptions {
  readonly installation: Installation
  /** Leads to the engine, the user configuration and the credentials; programs run in it. */
  readonly environment: NodeJS.ProcessEnv
  /** The registry to sign in to, instead of the one that is set. */
  readonly registry: string | undefined
  /** Whether to mend what dead kegs left. */
  readonly fix: 'no' | 'dry-run' | 'yes'
  readonly questions: Questions
  /** Takes a line for the person at the terminal. */
  readonly say: (line: string) => void
  readonly signal: AbortSignal
  /** How long each check may take. */
  readonly timeoutMilliseconds?: number
}

/** How things are. */
export interface DoctorReport {
  /** Whether nothing is missing and nothing will fail. */
  readonly ok: boolean
  readonly checks: readonly Check[]
  /** What was done about what dead kegs left; empty without `fix`. */
  readonly mended: readonly Mended[]
}

const TIMEOUT_MILLISECONDS = 15_000

/**
 * Looks at all that keg needs, side by side, and mends what may be mended. Whatever it comes upon is in the report.
 * @throws UsageError `input-missing` where it would have to ask whether to mend and nobody is there, MissingError where the
 * engine goes away while it mends, and the reason of the signal.
 */
export async function examine(options: DoctorOptions): Promise<DoctorReport> {
  const environment = withoutResolved(options.environment)
  const {signal, timeoutMilliseconds = TIMEOUT_MILLISECONDS} = options
  const limits = {signal, timeoutMilliseconds}
  const connecting = connect(environment, limits)
  // Whoever awaits it hears of its failure; nobody may yet.
  connecting.catch(() => undefined)
  try {
    const checks = await examineAll({...options, environment}, connecting, limits)
    const connection = await connecting
    const {engine} = connection
    if (options.fix === 'no' || engine === undefined) return reportOf(checks)

    const {questions, say} = options
    const mendOptions = {engine, environment, dryRun: options.fix === 'dry-run', questions, say, signal}
    const mended = [...(await mendLeftovers(mendOptions)), ...(await mendSyncs(mendOptions))]
    const [leftovers, syncs] = await Promise.all([
      look(LEFTOVERS, () => checkLeftovers(connection, environment), limits),
      look(SYNCS, (limited) => checkSyncs({connecting, environment, signal: limited}), limits),
    ])
    const again = [leftovers, syncs]
    return reportOf(
      checks.map((check) => again.find(({id}) => id === check.id) ?? check),
      mended,
    )
  } finally {
    await (await connecting.catch(() => undefined))?.engine?.[Symbol.asyncDispose]()
  }
}

/** 0 when nothing is wrong (notices allowed), 4 when something needed is missing, else 1. */
export function exitCodeOf({checks, ok}: DoctorReport): number {
  if (ok) return 0
  return checks.some(({status}) => status === 'missing') ? 4 : 1
}

const LEFTOVERS = {id: 'leftovers', title: 'leftovers'}
const SYNCS = {id: 'syncs', title: 'syncs'}

async function examineAll(
  {environment, installation, registry}: DoctorOptions,
  connecting: Promise<Connection>,
  limits: LookOptions,
): Promise<Check[]> {
  const system = await readSystem()
  const endpoint = await findEndpoint(environment).catch(() => undefined)
  const plugins = installation.plugins.map(({name}) => name)
  // Their own limit is the shorter one: it says which program hangs.
  const programLimit = limits.timeoutMilliseconds / 2
  const forPrograms = {
    environment: endpoint === undefined ? environment : engineEnvironment(environment, endpoint),
    plugins,
    system,
    timeoutMilliseconds: programLimit,
  }
  // What waits for the engine has as long again after it.
  const patient = {...limits, timeoutMilliseconds: 2 * limits.timeoutMilliseconds}
  const subject = (id: string, title: string, work: (signal: AbortSignal) => Promise<Finding>): Promise<Check> =>
    look({id, title}, work, patient)

  return Promise.all([
    subject('keg', 'keg', () => Promise.resolve(checkInstallation(installation))),
    subject('configuration', 'configuration', () => checkConfiguration(environment)),
    subject('engine', 'engine', async () => {
      return checkEngine({connection: await connecting, endpoint, environment, system})
    }),
    subject('known-holes', 'known holes', async () => checkHoles(await connecting)),
    ...[...PROGRAMS, ...(endpoint?.kind === 'ssh' ? [SSH] : [])].map((program) =>
      subject(program.id, program.title, (signal) => checkProgram(program, {...forPrograms, signal})),
    ),
    subject('registry', 'registry', (signal) =>
      checkRegistry({registry, environment, connecting, signal, helperTimeoutMilliseconds: programLimit}),
    ),
    subject('disk-temporary', 'temporary files', () => checkTemporaryFolder()),
    subject('disk-engine', 'disk of the engine', async () => checkEngineFolder(await connecting)),
    subject(LEFTOVERS.id, LEFTOVERS.title, async () => checkLeftovers(await connecting, environment)),
    subject(SYNCS.id, SYNCS.title, (signal) => checkSyncs({connecting, environment, signal})),
  ])
}

function reportOf(checks: readonly Check[], mended: readonly Mended[] = []): DoctorReport {
  return {ok: checks.every(({status}) => status !== 'problem' && status !== 'missing'), checks, mended}
}
