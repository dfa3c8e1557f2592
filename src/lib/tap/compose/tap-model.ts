import {join, resolve} from 'node:path'
import {UsageError} from '../../error/keg-error.js'
import {printable} from '../../terminal/text.js'
import type {OpenTap} from '../open-tap.js'
import {literal, readModel, type ComposeModel} from './compose-model.js'
import {composeConfig, type ComposeContext} from './run-compose.js'

/** A tap's compose model, as its files have it. */
export interface TapModel {
  readonly model: ComposeModel
  /** The service that is the app. */
  readonly service: string
  /** What compose warned of. */
  readonly warnings: readonly string[]
}

/**
 * Reads the tap's compose files, or makes a model of one service where it has none.
 * @throws UsageError `compose-empty`, `compose-service-unknown`, and what composeConfig throws
 */
export async function readTapModel(opened: OpenTap, context: ComposeContext): Promise<TapModel> {
  const files = composeFiles(opened)
  if (files.length === 0) return {model: ownModel(opened), service: opened.tap.name, warnings: []}
  const {text, warnings} = await composeConfig(context, {files, envFile: opened.files.dotenv?.file})
  const model = readModel(text)
  return {model, service: mainService(model, opened), warnings}
}

/** The compose files of a tap, each above the one before it; none where it has none. */
export function composeFiles({files, tap, values}: Pick<OpenTap, 'files' | 'tap' | 'values'>): string[] {
  const [context, environment] = [tap.name, values.environmentName].map(asNamePart)
  const more = ['REPO', environment, context, `${context}_${environment}`].map((part) => `KEG_COMPOSE_${part}`)
  const [first = files.composeFile, ...others] = ['KEG_COMPOSE_DEFAULT', ...more].map((name) => values.text(name))
  const written = [first, ...others].filter((file) => file !== undefined)
  return [...new Set(written.map((file) => resolve(tap.folder, file)))]
}

/** As names of values have a tap or an environment: `my-shop` is MY_SHOP. */
function asNamePart(text: string): string {
  return text.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_')
}

/**
 * The service that is the app: KEG_COMPOSE_SERVICE, else the one that is called like the tap or its container, else the first.
 * @throws UsageError `compose-empty`, `compose-service-unknown`
 */
export function mainService(
  {services}: ComposeModel,
  {files, tap, values}: Pick<OpenTap, 'files' | 'tap' | 'values'>,
): string {
  const names = Object.keys(services)
  const [first] = files.services.filter((name) => names.includes(name)).concat(names)
  if (first === undefined)
    throw new UsageError(`The compose file ${printable(files.composeFile ?? '')} has no service.`, {
      code: 'compose-empty',
      hint: `Add one under services, such as: ${tap.name}: {}. Those of profiles count where COMPOSE_PROFILES names them.`,
    })
  const wanted = values.text('KEG_COMPOSE_SERVICE')
  if (wanted !== undefined && !names.includes(wanted))
    throw new UsageError(`KEG_COMPOSE_SERVICE names no service of the compose file: ${printable(wanted)}.`, {
      code: 'compose-service-unknown',
      hint: `Its services are: ${names.map((name) => printable(name)).join(', ')}.`,
      data: {services: names},
    })
  const likely = [wanted, tap.name, files.alias, values.text('CONTAINER_NAME')]
  return likely.find((name) => name !== undefined && names.includes(name)) ?? first
}

/** What the container of a tap without a compose file gets of its values. */
const PASSED_ON = /^(?:DOC_\w+|KEG_EXEC_CMD|KEG_PROXY_PORT|NODE_ENV)$/

/** The model of a tap without a compose file. */
function ownModel({tap, values}: OpenTap): ComposeModel {
  const passed = Object.entries(values.asEnvironment()).filter(([name]) => PASSED_ON.test(name))
  const environment = Object.fromEntries(passed.map(([name, value]) => [name, literal(value)]))
  return {services: {[tap.name]: {environment, networks: {default: null}}}, networks: {default: {}}}
}

/** The Dockerfile of a tap, and the folder that it is built in; undefined where it has none. */
export function dockerfileOf({
  files,
  tap,
  values,
}: OpenTap): {readonly dockerfile: string; readonly context: string} | undefined {
  const written = values.text('KEG_DOCKER_FILE')
  const dockerfile = written === undefined ? files.dockerfile : resolve(tap.folder, written)
  return dockerfile === undefined ? undefined : {dockerfile: join(dockerfile), context: tap.folder}
}
