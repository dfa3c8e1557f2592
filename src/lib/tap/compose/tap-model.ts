import {basename, join, resolve} from 'node:path'
import {printable} from '../../terminal/text.js'
import type {OpenTap} from '../../values/open-tap.js'
import {appService, likelyNames} from './app-service.js'
import {findComposeFiles} from './compose-files.js'
import {
  isRecord,
  literal,
  readModel,
  withoutAbsentDependencies,
  type ComposeModel,
} from '../../compose/compose-model.js'
import {describeUnsupported} from './compose-support.js'
import {composeConfig, type ComposeContext} from '../../compose/run-compose.js'

/** A tap's compose model, from its files. */
export interface TapModel {
  /** The services to start: those of active profiles, and the app with its dependencies. */
  readonly model: ComposeModel
  /** The service that is the app. */
  readonly service: string
  /** Compose's warnings, and what differs from the files. */
  readonly warnings: readonly string[]
}

/**
 * Reads the tap's compose files, or makes a model with one service if it has none.
 * @throws UsageError `compose-empty`, `compose-service-unknown`, and what composeConfig throws
 */
export async function readTapModel(opened: OpenTap, context: ComposeContext): Promise<TapModel> {
  const found = await findComposeFiles(opened, context.environment)
  const {files} = found
  if (files.length === 0) return {model: ownModel(opened), service: opened.tap.name, warnings: []}
  const {text, warnings} = await composeConfig(context, {files})
  const enabled = readModel(text)
  const service = await findApp(opened, context, {files, enabled})
  const whole = service in enabled.services ? enabled : await withApp(enabled, service, {context, files})
  const model = withoutAbsentDependencies(whole)
  const ofFiles = opened.files.problems.filter(({file, severity}) => severity === 'warning' && isComposeFile(file))
  return {
    model,
    service,
    warnings: [
      ...found.warnings,
      ...ofFiles.map(({file, message}) => printable(`${file}: ${message}`)),
      ...warnings,
      ...describeUnsupported(model, service),
    ],
  }
}

/** The name of the app's service; asks compose about inactive profiles only if that matters. */
async function findApp(
  opened: OpenTap,
  context: ComposeContext,
  {enabled, files}: {readonly enabled: ComposeModel; readonly files: readonly string[]},
): Promise<string> {
  const {services} = enabled
  const [surest] = likelyNames(opened)
  if (surest !== undefined && surest in services) return surest
  const all = await composeConfig(context, {files, profile: EVERY_PROFILE})
  return appService({enabled: services, all: {...readModel(all.text).services, ...services}}, opened)
}

/** The model with an app from an inactive profile and its dependencies, as `docker compose up NAME` activates it. */
async function withApp(
  enabled: ComposeModel,
  service: string,
  {context, files}: {readonly context: ComposeContext; readonly files: readonly string[]},
): Promise<ComposeModel> {
  const own = readModel((await composeConfig(context, {files, service})).text)
  const sections = ['networks', 'volumes', 'configs', 'secrets', 'models'].map((section) => {
    const both = [enabled[section], own[section]].filter(isRecord)
    return [section, both.length === 0 ? undefined : Object.assign({}, ...both)] as const
  })
  return {
    ...enabled,
    ...Object.fromEntries(sections.filter(([, content]) => content !== undefined)),
    services: {...enabled.services, ...own.services},
  }
}

/** Compose's word for all profiles. */
const EVERY_PROFILE = '*'

function isComposeFile(file: string): boolean {
  return /^(?:docker-)?compose\./.test(basename(file))
}

/** Values that the container of a tap without a compose file gets. */
const PASSED_ON = /^(?:DOC_\w+|KEG_EXEC_CMD|KEG_PROXY_PORT|NODE_ENV)$/

/** The model of a tap without a compose file. */
function ownModel({tap, values}: OpenTap): ComposeModel {
  const passed = Object.entries(values.asEnvironment()).filter(([name]) => PASSED_ON.test(name))
  const environment = Object.fromEntries(passed.map(([name, value]) => [name, literal(value)]))
  return {services: {[tap.name]: {environment, networks: {default: null}}}, networks: {default: {}}}
}

/** The Dockerfile of a tap, and its build context; undefined if it has none. */
export function dockerfileOf({
  files,
  tap,
  values,
}: OpenTap): {readonly dockerfile: string; readonly context: string} | undefined {
  const written = values.text('KEG_DOCKER_FILE')
  const dockerfile = written === undefined ? files.dockerfile : resolve(tap.folder, written)
  return dockerfile === undefined ? undefined : {dockerfile: join(dockerfile), context: tap.folder}
}
