/** JSON Schemas of what the commands print with `--json`, made from the types that they return. */
import {join} from 'node:path'
import {createGenerator} from 'ts-json-schema-generator'
import {repository} from '../setup/dependencies.js'

/** @typedef {import('ts-json-schema-generator').Schema} Schema */
/** @typedef {Record<string, Schema>} Definitions */

/** The interface with a property for each command. */
const ANSWERS = {file: 'src/lib/command/answers.ts', type: 'Answers'}

/**
 * The schema of each answer, as draft 2020-12, by the name of the answer: the id of its command, or `error`. Descriptions come
 * from doc comments. Values without a type are refused, and so are fields that the type does not have.
 *
 * @returns {Map<string, string>} each as the text of its file
 */
export function answerSchemas() {
  const generator = createGenerator({
    additionalProperties: false,
    functions: 'fail',
    path: join(repository, ANSWERS.file),
    // Types are checked in another step.
    skipTypeCheck: true,
    topRef: false,
    tsconfig: join(repository, 'tsconfig.json'),
    type: ANSWERS.type,
  })
  const {definitions = {}, properties = {}} = generator.createSchema(ANSWERS.type)
  const shared = /** @type {Definitions} */ (definitions)
  return new Map(
    Object.entries(/** @type {Definitions} */ (properties)).map(([name, answer]) => {
      const {description, ...schema} = resolved(answer, shared)
      const head = {$schema: 'https://json-schema.org/draft/2020-12/schema', title: titleOf(name), description}
      return [name, serialize({...head, ...schema, ...definitionsOf(answer, shared)})]
    }),
  )
}

/** @param {string} name */
function titleOf(name) {
  return name === 'error' ? 'keg ... --json, where it fails' : `keg ${name.replaceAll(':', ' ')} --json`
}

/**
 * @param {Schema} schema
 * @param {Definitions} shared
 * @returns {Schema} the definition, if it is nothing but a reference
 */
function resolved({$ref, ...schema}, shared) {
  return $ref === undefined ? schema : {...shared[nameIn($ref)], ...schema}
}

/**
 * @param {Schema} answer
 * @param {Definitions} shared
 * @returns {{$defs?: Definitions}} all definitions that an answer refers to
 */
function definitionsOf(answer, shared) {
  /** @type {Set<string>} */
  const names = new Set()
  const collect = (/** @type {Schema | undefined} */ schema) => {
    for (const name of referencesIn(schema).filter((each) => !names.has(each))) {
      names.add(name)
      collect(shared[name])
    }
  }
  collect(resolved(answer, shared))
  const $defs = Object.fromEntries(Object.entries(shared).filter(([name]) => names.has(name)))
  return names.size === 0 ? {} : {$defs}
}

/**
 * @param {Schema | undefined} schema
 * @returns {string[]} names of definitions
 */
function referencesIn(schema) {
  return [...JSON.stringify(schema ?? {}).matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference = '']) => nameIn(reference))
}

/** @param {string} reference to a definition */
function nameIn(reference) {
  return decodeURIComponent(reference.replace('#/definitions/', ''))
}

/**
 * Of the keywords the generator writes for draft 7, only those of references have another name in 2020-12, and those of tuples,
 * which no answer has.
 *
 * @param {object} schema
 * @returns {string}
 * @throws {Error} if it has a tuple
 */
function serialize(schema) {
  const text = JSON.stringify(schema, null, 2)
  if (/"items": \[/.test(text)) throw new Error(`An answer has a tuple, which is not written yet: ${text}`)
  return `${text.replaceAll('"$ref": "#/definitions/', '"$ref": "#/$defs/')}\n`
}
