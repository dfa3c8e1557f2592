/**
 * `node scripts/generate.js [--check]`: writes what is made from the compiled commands, namely the oclif manifests, the
 * command references (of keg's own commands in docs/commands.md, of the plugins in their READMEs) and the tables of values in
 * docs/values.md. With `--check` it writes nothing and fails when a committed copy is stale.
 */
import {access, readdir, readFile, rm, writeFile} from 'node:fs/promises'
import {join, relative} from 'node:path'
import {pathToFileURL} from 'node:url'
import {Plugin} from '@oclif/core'
import {commandReference} from './generate/command-reference.js'
import {replacePart} from './generate/generated-part.js'
import {valueReference} from './generate/value-reference.js'
import {readWorkspaces, repository} from './setup/dependencies.js'

const workspaces = await readWorkspaces()
const check = process.argv.includes('--check')
const VALUES_PAGE = 'docs/values.md'

// A flag whose default is taken from the environment must not carry this one's value into the manifest.
for (const name of Object.keys(process.env)) if (name.startsWith('KEG_')) Reflect.deleteProperty(process.env, name)

/** @type {Map<string, string>} */
const generated = new Map()
const plugins = [
  {root: '', page: 'docs/commands.md'},
  ...workspaces.map((workspace) => ({root: workspace, page: join(workspace, 'README.md')})),
]
for (const {page, root} of plugins) {
  await removeOrphans(join(repository, root))
  const manifest = await readManifest(join(repository, root))
  generated.set(join(root, 'oclif.manifest.json'), serialize(manifest))
  const text = await readFile(join(repository, page), 'utf8')
  generated.set(page, replacePart(text, 'commands', commandReference(Object.values(manifest.commands))))
}
generated.set(VALUES_PAGE, await valuesPage())

const stale = []
for (const [file, content] of generated) {
  const committed = await readFile(join(repository, file), 'utf8').catch(() => undefined)
  if (committed === content) continue
  stale.push(file)
  if (!check) await writeFile(join(repository, file), content)
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

/** @returns {Promise<string>} the page of all values, with the tables of the compiled schema */
async function valuesPage() {
  const compiled = join(repository, 'src/commands/tap/dist/lib/environment/schema/known-values.js')
  /** @type {unknown} */
  const schema = await import(pathToFileURL(compiled).href)
  const {VALUE_GROUPS} = /** @type {typeof import('../src/lib/environment/schema/known-values.js')} */ (schema)
  return replacePart(await readFile(join(repository, VALUES_PAGE), 'utf8'), 'values', valueReference(VALUE_GROUPS))
}

/** @param {import('@oclif/core/interfaces').Manifest} manifest */
function serialize(manifest) {
  return `${JSON.stringify(manifest, null, 2)}\n`
}

/**
 * The compiler leaves the output of a source that is gone, and oclif would go on taking it for a command.
 *
 * @param {string} root folder of a plugin
 */
async function removeOrphans(root) {
  const output = join(root, 'dist')
  const files = await readdir(output, {recursive: true, withFileTypes: true})
  for (const file of files.filter((it) => it.isFile() && it.name !== '.tsbuildinfo')) {
    const path = join(file.parentPath, file.name)
    const source = join(repository, 'src', relative(output, path)).replace(/\.(js|js\.map|d\.ts)$/, '.ts')
    await access(source).catch(() => rm(path))
  }
}
