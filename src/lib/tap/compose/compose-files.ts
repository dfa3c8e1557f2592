import {access} from 'node:fs/promises'
import {delimiter, dirname, isAbsolute, resolve} from 'node:path'
import {printable} from '../../terminal/text.js'
import type {OpenTap} from '../../values/open-tap.js'
import type {TapFolder} from '../../tap-folder/model.js'

/** Which files docker compose reads for a tap. */
export interface ComposeFiles {
  /** A later one overrides an earlier one; empty if the tap has none. */
  readonly files: readonly string[]
  /** Existing files that are not read, one sentence each. */
  readonly warnings: readonly string[]
}

/** The parts of a tap that decide it. */
type FilesOfTap = Pick<OpenTap, 'files' | 'tap' | 'values'>

/**
 * The compose files of a tap: those that its values name (`KEG_COMPOSE_*`), or those of `COMPOSE_FILE`, or the tap's own
 * file with the override beside it. Compose does the same: it uses an override only if no files are named (compose-go,
 * cli.WithDefaultConfigPath).
 * @param environment where compose would find `COMPOSE_FILE`; it overrides the tap's `.env`
 */
export async function findComposeFiles(opened: FilesOfTap, environment: NodeJS.ProcessEnv): Promise<ComposeFiles> {
  const {composeFile, composeOverride} = opened.files
  const named = filesOfValues(opened)
  const isOther = named.some((file) => file !== composeFile)
  const written = isOther ? undefined : composeFileVariable(opened, environment)
  const files = isOther
    ? named
    : written === undefined
      ? [composeFile, composeOverride].filter((file) => file !== undefined)
      : await filesOfVariable(written, opened, environment)
  const isUnread = composeOverride !== undefined && !files.includes(composeOverride)
  const who = isOther ? `the tap's values name the compose files` : 'COMPOSE_FILE names the compose files'
  return {
    files,
    warnings: isUnread ? [`${printable(composeOverride)} is ignored, because ${who}.`] : [],
  }
}

/** The files that values name, each once; KEG_COMPOSE_DEFAULT is the tap's own. */
export function filesOfValues({files, tap, values}: FilesOfTap): string[] {
  const [context, environment] = [tap.name, values.environmentName].map(asNamePart)
  const more = ['REPO', environment, context, `${context}_${environment}`].map((part) => `KEG_COMPOSE_${part}`)
  const [first = files.composeFile, ...others] = ['KEG_COMPOSE_DEFAULT', ...more].map((name) => values.text(name))
  const written = [first, ...others].filter((file) => file !== undefined)
  return [...new Set(written.map((file) => resolve(tap.folder, file)))]
}

/**
 * The env files for interpolation, a later one overriding an earlier one: the `.env` beside the compose file, and the tap's.
 * None if COMPOSE_ENV_FILES names others, which compose reads itself.
 */
export function composeEnvFiles(
  {composeDotenv, dotenv}: Pick<TapFolder, 'composeDotenv' | 'dotenv'>,
  environment: NodeJS.ProcessEnv,
): string[] {
  if (environment.COMPOSE_ENV_FILES) return []
  return [composeDotenv, dotenv].flatMap((file) => file?.file ?? [])
}

/** A variable of compose itself, from where compose looks for it. */
function composeVariable(
  name: string,
  {composeDotenv, dotenv}: Pick<TapFolder, 'composeDotenv' | 'dotenv'>,
  environment: NodeJS.ProcessEnv,
): {readonly text: string; readonly folder: string | undefined} | undefined {
  const own = environment[name]
  if (own) return {text: own, folder: undefined}
  const written = dotenv?.values.get(name) ?? composeDotenv?.values.get(name)
  return written?.text ? {text: written.text, folder: dirname(written.file)} : undefined
}

function composeFileVariable({files}: FilesOfTap, environment: NodeJS.ProcessEnv) {
  return composeVariable('COMPOSE_FILE', files, environment)
}

/** Relative paths are looked for where the variable is set, and beside the tap's compose file. */
async function filesOfVariable(
  {folder, text}: {readonly text: string; readonly folder: string | undefined},
  {files, tap}: FilesOfTap,
  environment: NodeJS.ProcessEnv,
): Promise<string[]> {
  const separator = composeVariable('COMPOSE_PATH_SEPARATOR', files, environment)?.text ?? delimiter
  const names = text.split(separator).filter((name) => name !== '')
  const folders = [folder ?? tap.folder, files.containerFolder]
  return Promise.all(names.map(async (name) => (isAbsolute(name) ? name : firstThere(name, folders))))
}

async function firstThere(name: string, folders: readonly string[]): Promise<string> {
  const paths = folders.map((folder) => resolve(folder, name))
  for (const path of paths) {
    const isThere = await access(path).then(
      () => true,
      () => false,
    )
    if (isThere) return path
  }
  return paths[0] ?? name
}

/** A tap or environment as part of a value's name: `my-shop` is MY_SHOP. */
function asNamePart(text: string): string {
  return text.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_')
}
