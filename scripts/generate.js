/**
 * `node scripts/generate.js [--check]`: writes the generated files. From the bundled commands: the oclif manifests, the command
 * references (keg's own in docs/commands.md, the plugins' in their READMEs), the tables of values in docs/values.md and of
 * compose keys in docs/compose.md. From the imports of the source: the map of rooms in docs/architecture.md. From its types:
 * the JSON Schemas of all answers in docs/schemas. From bench/results.json, which the benchmarks keep: the figures in
 * docs/performance.md and their plot. With `--check` it writes nothing, and fails if a committed copy is stale.
 */
import {mkdir, readdir, readFile, rm, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {Plugin} from '@oclif/core'
import {tsImport} from 'tsx/esm/api'
import {cruiseSources} from './floors/cruise.js'
import {roomImports} from './floors/rooms.js'
import {answerSchemas} from './generate/answer-schemas.js'
import {commandReference} from './generate/command-reference.js'
import {composeReference} from './generate/compose-reference.js'
import {replacePart} from './generate/generated-part.js'
import {houseMap, roomTable} from './generate/house-map.js'
import {schemaFile} from './generate/schema-file.js'
import {valueReference} from './generate/value-reference.js'
import {readWorkspaces, repository} from './setup/dependencies.js'

const workspaces = await readWorkspaces()
const check = process.argv.includes('--check')
const VALUES_PAGE = 'docs/values.md'
const ARCHITECTURE_PAGE = 'docs/architecture.md'
const COMPOSE_PAGE = 'docs/compose.md'
const PERFORMANCE_PAGE = 'docs/performance.md'
const PERFORMANCE_PLOT = 'docs/performance.svg'
const SCHEMAS = 'docs/schemas'

// Keeps this environment's values out of the manifest, as defaults of flags come from the environment.
for (const name of Object.keys(process.env)) if (name.startsWith('KEG_')) Reflect.deleteProperty(process.env, name)

/** @type {Map<string, string | undefined>} undefined: no longer exists */
const generated = new Map()
const plugins = [
  {root: '', page: 'docs/commands.md'},
  ...workspaces.map((workspace) => ({root: workspace, page: join(workspace, 'README.md')})),
]
for (const {page, root} of plugins) {
  const manifest = await readManifest(join(repository, root))
  generated.set(join(root, 'oclif.manifest.json'), serialize(manifest))
  const text = await readFile(join(repository, page), 'utf8')
  generated.set(page, replacePart(text, 'commands', commandReference(Object.values(manifest.commands))))
}
generated.set(VALUES_PAGE, await valuesPage())
generated.set(COMPOSE_PAGE, await composePage())
generated.set(ARCHITECTURE_PAGE, await architecturePage())
for (const [file, content] of await performanceFiles()) generated.set(file, content)
await mkdir(join(repository, SCHEMAS), {recursive: true})
for (const file of await readdir(join(repository, SCHEMAS))) generated.set(join(SCHEMAS, file), undefined)
for (const [answer, schema] of answerSchemas()) generated.set(schemaFile(answer), schema)

const stale = []
for (const [file, content] of generated) {
  const committed = await readFile(join(repository, file), 'utf8').catch(() => undefined)
  if (committed === content) continue
  stale.push(file)
  if (check) continue
  if (content === undefined) await rm(join(repository, file))
  else await writeFile(join(repository, file), content)
}
for (const file of stale) console.log(check ? `${file} is stale.` : `${file} written.`)
if (check && stale.length > 0) {
  console.log('Run `npm run build` and commit what it writes.')
  process.exitCode = 1
}

/**
 * @param {string} root folder of a plugin
 * @returns {Promise<import('@oclif/core/interfaces').Manifest>} the commands in alphabetical order
 */
async function readManifest(root) {
  const options = {errorOnManifestCreate: true, ignoreManifest: true, respectNoCacheDefault: true}
  const plugin = new Plugin({root, type: 'core', ...options})
  await plugin.load()
  const {commands, version} = plugin.manifest
  return {commands: Object.fromEntries(Object.entries(commands).sort(([a], [b]) => (a < b ? -1 : 1))), version}
}

/** @returns {Promise<string>} the page on values, with tables from the schema */
async function valuesPage() {
  /** @type {unknown} */
  const schema = await tsImport('../src/lib/config/schema/known-values.ts', import.meta.url)
  const {VALUE_GROUPS} = /** @type {typeof import('../src/lib/config/schema/known-values.js')} */ (schema)
  return replacePart(await readFile(join(repository, VALUES_PAGE), 'utf8'), 'values', valueReference(VALUE_GROUPS))
}

/** @returns {Promise<string>} the page on compose, with the table of its keys */
async function composePage() {
  /** @type {unknown} */
  const support = await tsImport('../src/lib/tap/compose/compose-support.ts', import.meta.url)
  const {COMPOSE_SUPPORT} = /** @type {typeof import('../src/lib/tap/compose/compose-support.js')} */ (support)
  return replacePart(
    await readFile(join(repository, COMPOSE_PAGE), 'utf8'),
    'compose',
    composeReference(COMPOSE_SUPPORT),
  )
}

/** @returns {Promise<string>} the page on architecture, with the rooms and their map */
async function architecturePage() {
  const [page, sources] = await Promise.all([
    readFile(join(repository, ARCHITECTURE_PAGE), 'utf8'),
    cruiseSources(repository, {validate: false}),
  ])
  return replacePart(replacePart(page, 'rooms', `${roomTable()}\n`), 'map', `${houseMap(roomImports(sources))}\n`)
}

/** @returns {Promise<[file: string, content: string][]>} the page on performance, and its plot */
async function performanceFiles() {
  /** @type {unknown} */
  const bench = await tsImport('../bench/support/page.ts', import.meta.url)
  const {performanceFigures, plot, readResults} = /** @type {typeof import('../bench/support/page.js')} */ (bench)
  const results = await readResults(join(repository, 'bench/results.json'))
  const page = await readFile(join(repository, PERFORMANCE_PAGE), 'utf8')
  return [
    [PERFORMANCE_PAGE, replacePart(page, 'figures', performanceFigures(results))],
    [PERFORMANCE_PLOT, plot(results)],
  ]
}

/** @param {import('@oclif/core/interfaces').Manifest} manifest */
function serialize(manifest) {
  return `${JSON.stringify(manifest, null, 2)}\n`
}
