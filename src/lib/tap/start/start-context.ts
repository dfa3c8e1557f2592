import {withEngine} from '../../engine/engine-work.js'
import {containerVariables} from '../../container/environment-file.js'
import {parsePublishedPorts} from '../../container/port/published-ports.js'
import {findGitFolder} from '../../git/repository.js'
import {printable} from '../../terminal/text.js'
import {understandReference} from '../../reference/pasted-reference.js'
import {formatReference} from '../../reference/reference.js'
import {parseDuration} from '../../terminal/duration.js'
import {composeEnvFiles} from '../compose/compose-files.js'
import {openTap, type OpenTap, type OpenTapOptions} from '../../values/open-tap.js'
import {wantedImage} from '../tap-images.js'
import {tapProject} from '../../tap-folder/tap-project.js'
import {collectWarnings, type Work} from '../../work/work.js'
import type {StartContext, StartTapOptions} from './model.js'

const DEFAULT_WAIT = '60s'
/** The start of a line that warns. */
const WARNING = 'Warning: '

/**
 * Checks all input first, opens the tap, and connects to the engine.
 * @throws UsageError for invalid input; what openTap and Engine.connect throw
 */
export async function startContext(given: Work, options: StartTapOptions): Promise<StartContext> {
  const collected = collectWarnings(given.notice)
  const notice = (line: string): void => {
    if (line.startsWith(WARNING)) collected.warn(line.slice(WARNING.length))
    else given.notice(line)
  }
  const work = {...given, folder: given.folder, ...collected, notice}
  const {environment, signal, warn} = work
  const {publish, variables, wait} = options
  const request = {
    ports: parsePublishedPorts(publish),
    variables: await containerVariables(work, {variables, files: []}),
    waitMilliseconds: parseDuration(wait ?? DEFAULT_WAIT, '--wait'),
  }
  const opened = await openTap(work, {...options, flags: flagValues(options)})
  for (const warning of opened.values.warnings) warn(warning)
  await warnOfUnknownBranch(work, opened)
  const project = tapProject(opened.tap)
  const filled = composeEnvironment(opened, environment)
  signal.throwIfAborted()
  const connected = await withEngine(work)
  return {
    ...connected,
    ...request,
    options,
    opened,
    project,
    compose: {
      engine: connected.engine,
      project,
      folder: opened.tap.folder,
      environment: filled,
      envFiles: composeEnvFiles(opened.files, filled),
      warn: withoutRepeats(warn),
      signal,
    },
  }
}

/** A worktree or submodule whose repository was moved looks like a folder without git. */
async function warnOfUnknownBranch({warn}: Pick<Work, 'warn'>, {tap}: Pick<OpenTap, 'tap'>): Promise<void> {
  if (tap.branch !== undefined || tap.commit !== undefined) return
  const top = await findGitFolder(tap.folder)
  if (top !== undefined)
    warn(`git finds no repository in ${printable(top)}, although it has a .git. The tap is started without a branch.`)
}

/** Values from the command line; a pasted address becomes the reference that it means. */
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
  // In full: docker's short form for Docker Hub would be taken for an image in the tap's registry.
  const {digest, registry, repository, tag} = reference
  return `${registry}/${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`
}

/** Compose's environment for interpolation: the tap's values override the user's environment. */
function composeEnvironment(opened: OpenTap, environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const {values} = opened
  const filled: NodeJS.ProcessEnv = {...environment, ...values.asEnvironment()}
  filled.NODE_ENV ??= values.environmentName
  const image = wantedImage(opened)
  if (image !== undefined) filled.KEG_IMAGE_FROM = formatReference(image)
  // It is for what keg runs in a container; a container that has it from its start would never be idle.
  Reflect.deleteProperty(filled, 'KEG_DOCKER_EXEC')
  return filled
}

/** Passes each text on once: compose is called several times, and repeats its warnings. */
function withoutRepeats(emit: (text: string) => void): (text: string) => void {
  const taken = new Set<string>()
  return (text) => {
    if (taken.has(text)) return
    taken.add(text)
    emit(text)
  }
}
