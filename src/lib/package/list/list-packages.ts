import type {Engine} from '../../engine/engine.js'
import {withEngine} from '../../engine/engine-work.js'
import {MissingError} from '../../error/keg-error.js'
import {summaryFacts} from '../../image/package-summary.js'
import {understandReference} from '../../reference/pasted-reference.js'
import {formatReference} from '../../reference/reference.js'
import {commandLine} from '../../terminal/command-line.js'
import {count, printable} from '../../terminal/text.js'
import type {Work} from '../../work/work.js'
import {referenceProblem} from '../requested-package.js'
import {localPackages, packageRows} from './local-packages.js'
import type {ListedPackage} from './model.js'
import {isNamed, parsePackageName, type PackageName} from './package-name.js'
import {listRegistryPackages} from './registry-packages.js'

/** Which packages are listed. */
export interface ListPackagesOptions {
  /** As the user typed it; undefined for all of the engine. */
  readonly name: string | undefined
  /** Whether those in the registry are listed, and not those in the engine. */
  readonly isRemote: boolean
}

/**
 * Lists packages, newest first; says in a notice if there are none, and what else is there.
 * @throws UsageError `reference-invalid`, `input-missing`; what the engine, or reading the registry, throws
 */
export function listPackages(work: Work, {isRemote, name}: ListPackagesOptions): Promise<readonly ListedPackage[]> {
  return isRemote ? listRemote(work, name) : listInEngine(work, name)
}

async function listInEngine(work: Work, name: string | undefined): Promise<readonly ListedPackage[]> {
  const wanted = name === undefined ? undefined : parsePackageName(name)
  const {engine} = await withEngine(work)
  const rows = await packageRows(engine)
  const all = localPackages(rows)
  const found = wanted === undefined ? all : all.filter(({reference}) => isNamed(wanted, reference))
  if (found.length === 0) work.notice(noneText(name, wanted))
  const unknown = rows.filter(({Labels}) => summaryFacts(Labels) === undefined).length
  if (name === undefined && unknown > 0)
    work.notice(`${count(unknown, 'package')} of another version of keg cannot be read.`)
  return found
}

function noneText(name: string | undefined, wanted: PackageName | undefined): string {
  if (name === undefined) return `The engine has no package. Create one with: ${commandLine`keg docker package`}`
  const none = `The engine has no package ${printable(name)}.`
  if (wanted?.reference.hostWritten !== true) return none
  return `${none} List those in its registry with: ${commandLine`keg docker package list ${name} --remote`}`
}

async function listRemote(work: Work, name: string | undefined): Promise<readonly ListedPackage[]> {
  const {reference} = understandReference(name ?? (await askForName(work)))
  const {others, packages} = await listRegistryPackages(work, reference, await findEngine(work))
  const place = formatReference(reference)
  if (packages.length === 0)
    work.notice(`The registry has no package ${place}${others === 0 ? '.' : `, but ${otherTags(others)}.`}`)
  else if (others > 0) work.notice(`${place} also has ${otherTags(others)}.`)
  return packages
}

function otherTags(others: number): string {
  return `${count(others, 'tag')} of something else`
}

/** The engine, which a registry can be read without. */
async function findEngine(work: Work): Promise<Engine | undefined> {
  try {
    return (await withEngine(work)).engine
  } catch (error) {
    if (error instanceof MissingError) return undefined
    throw error
  }
}

async function askForName({prompt}: Pick<Work, 'prompt'>): Promise<string> {
  return prompt.text('The packages of which repository?', {
    flag: 'NAME, such as registry.example.com/team/app',
    validate: (answer) => referenceProblem(answer) ?? true,
  })
}
