/** Checks what keg prints with `--json` against docs/schemas. */
import {readFileSync} from 'node:fs'
import {join} from 'node:path'

import {Ajv2020} from 'ajv/dist/2020.js'

import {schemaFile} from '../../scripts/generate/schema-file.js'

const repository = join(import.meta.dirname, '../..')
const WORKSPACES = ['', 'src/commands/docker', 'src/commands/sync', 'src/commands/tap']

interface Manifest {
  readonly commands: Readonly<Record<string, {readonly aliases: string[]; readonly hiddenAliases: string[]}>>
}

/** A run of keg that ended by itself. */
export interface EndedRun {
  readonly kegArguments: readonly string[]
  readonly stdout: string
}

const ajv = new Ajv2020({allErrors: true, allowUnionTypes: true, strict: true})

/** The ids of all commands, by what one types: ids and aliases. */
export const commandIds: ReadonlyMap<string, string> = new Map(
  WORKSPACES.flatMap((workspace) => {
    const {commands} = readJson(join(workspace, 'oclif.manifest.json')) as Manifest
    return Object.entries(commands).flatMap(([id, {aliases, hiddenAliases}]) =>
      [id, ...aliases, ...hiddenAliases].map((name) => [name, id] as const),
    )
  }),
)

/** The commands of which an answer other than an error was checked in this process. */
export const answered = new Set<string>()

/**
 * Checks all output of a run with JSON: its command's answer, or an error.
 * @throws Error that says what does not match the schema
 */
export function checkAnswers({kegArguments, stdout}: EndedRun): void {
  const words = kegArguments.slice(0, [...kegArguments, '--'].indexOf('--'))
  if (!words.includes('--json') || words.includes('--help')) return
  const id = commandOf(words)
  for (const answer of documentsIn(stdout, kegArguments)) {
    const isError = typeof answer === 'object' && answer !== null && 'error' in answer
    const name = isError ? 'error' : id
    if (name === undefined) throw new Error(`Of which command is the answer of ${line(kegArguments)}?`)
    checkAnswer(name, answer)
    if (!isError) answered.add(name)
  }
}

/** @param name the id of a command, or `error` @throws Error that says what does not match the schema */
export function checkAnswer(name: string, answer: unknown): void {
  const isValid = ajv.getSchema(name) ?? ajv.addSchema(readSchema(name), name).getSchema(name)
  if (isValid?.(answer) === true) return
  const problems = ajv.errorsText(isValid?.errors, {dataVar: 'answer', separator: '\n'})
  throw new Error(`This is not as ${schemaFile(name)} has it:\n${problems}\n${JSON.stringify(answer, null, 2)}`)
}

/** @param name the id of a command, or `error` */
export function readSchema(name: string): Record<string, unknown> {
  return readJson(schemaFile(name)) as Record<string, unknown>
}

/** The id of the command that words call; for a linked tap's own command that of @keg/tap. */
function commandOf(words: readonly string[]): string | undefined {
  const flag = words.findIndex((word) => word.startsWith('-'))
  const names = words.slice(0, flag)
  for (const candidate of [names, ['tap', ...names.slice(1)]])
    for (let length = candidate.length; length > 0; length--) {
      const id = commandIds.get(candidate.slice(0, length).join(':'))
      if (id !== undefined) return id
    }
  return undefined
}

/** Most commands print one document on several lines, a monitor one per line. */
function documentsIn(stdout: string, kegArguments: readonly string[]): unknown[] {
  const documents = stdout.split(/(?<=^(?:[[{].*)?[}\]])\n/m).filter((text) => text.trim() !== '')
  try {
    return documents.map((text) => JSON.parse(text) as unknown)
  } catch {
    throw new Error(`${line(kegArguments)} printed what is no JSON: ${stdout}`)
  }
}

function line(kegArguments: readonly string[]): string {
  return `keg ${kegArguments.join(' ')}`
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(join(repository, path), 'utf8'))
}
