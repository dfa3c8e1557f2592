import {Engine} from '../../engine/engine.js'
import {containerVariables} from '../../container/environment-file.js'
import {parsePublishedPorts} from '../../port/published-ports.js'
import {understandReference} from '../../reference/pasted-reference.js'
import {formatReference} from '../../reference/reference.js'
import {parseDuration} from '../../terminal/duration.js'
import {openTap, type OpenTap, type OpenTapOptions} from '../open-tap.js'
import {wantedImage} from '../tap-images.js'
import {tapNames} from '../tap-names.js'
import type {StartContext, StartTapOptions} from './start-options.js'

const USUAL_WAIT = '60s'

/**
 * Reads everything that can be wrong before anything is called, opens the tap, and connects to the engine.
 * @throws UsageError with the code of whatever is wrong; what openTap and Engine.connect throw
 */
export async function startContext(options: StartTapOptions): Promise<StartContext> {
  const {environment, publish, say, signal, variables, wait} = options
  const request = {
    ports: parsePublishedPorts(publish),
    variables: await containerVariables({variables, files: [], environment}),
    waitMilliseconds: parseDuration(wait ?? USUAL_WAIT, '--wait'),
  }
  const opened = await openTap({...options, flags: flagValues(options)})
  for (const warning of opened.values.warnings) say(`Warning: ${warning}`)
  const names = tapNames(opened.tap)
  const filled = composeEnvironment(opened, environment)
  signal.throwIfAborted()
  const engine = await Engine.connect(environment, signal)
  return {
    ...request,
    options,
    opened,
    names,
    engine,
    compose: {engine, project: names.project, folder: opened.tap.folder, environment: filled, signal},
  }
}

/** What the command line says of values; a pasted address becomes the reference that it means. */
function flagValues({command, from, pull}: StartTapOptions): NonNullable<OpenTapOptions['flags']> {
  const flags = [
    ['KEG_IMAGE_FROM', from === undefined ? undefined : referenceText(from), '--from'],
    ['KEG_EXEC_CMD', command, '--command'],
    ['KEG_IMAGE_PULL_POLICY', pull, '--pull'],
  ] as const
  return new Map(flags.flatMap(([name, text, flag]) => (text === undefined ? [] : [[name, {text, flag}]])))
}

function referenceText(text: string): string {
  const {kind, reference} = understandReference(text)
  if (kind === 'reference') return text.trim()
  // In full: what docker shows of Docker Hub's own images would be taken for one of the tap's registry.
  const {digest, registry, repository, tag} = reference
  return `${registry}/${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`
}

/** What compose fills variables in from: the tap's values above the user's environment. */
function composeEnvironment(opened: OpenTap, environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const {values} = opened
  const filled: NodeJS.ProcessEnv = {...environment, ...values.asEnvironment()}
  filled.NODE_ENV ??= values.environmentName
  const image = wantedImage(opened)
  if (image !== undefined) filled.KEG_IMAGE_FROM = formatReference(image)
  // It is for what keg runs in a container; one that has it from its start would never idle.
  Reflect.deleteProperty(filled, 'KEG_DOCKER_EXEC')
  return filled
}
