/**
 * `node scripts/bundle.js`: builds the dist/ of keg and of every plugin. Each command and hook is a file, because oclif finds
 * them by path; code that several use goes into shared chunks, and dynamic imports into chunks loaded on demand. Bundled
 * packages need not be installed beside it: their licenses are in dist/THIRD-PARTY-LICENSES.
 */
import {mkdir, readdir, readFile, rm, writeFile} from 'node:fs/promises'
import {createRequire, isBuiltin} from 'node:module'
import {basename, dirname, join, relative} from 'node:path'
import {build} from 'esbuild'
import {mergeChunks} from './bundle/merge-chunks.js'
import {filesOfOtherWings} from './floors/wings.js'
import {bundleRecordOf} from './setup/bundle-record.js'
import {readWorkspaces, repository} from './setup/dependencies.js'

const require = createRequire(import.meta.url)

/** Name of the file in dist/ with the licenses of bundled packages. */
const LICENSES = 'THIRD-PARTY-LICENSES'

/**
 * Packages written as CommonJS call `require`, which ES modules do not have: for Node's own modules, and for files of lazyPackages
 * as seen from dist/.
 */
const requireForCommonJs = [
  `import {createRequire as createRequireOfNode} from 'node:module'`,
  `const require = createRequireOfNode(import.meta.url.replace(/(.*\\/dist\\/).*/, '$1'))`,
].join('\n')

/** @type {unknown} */
const oclifPackage = require('@oclif/core/package.json')
const {version: oclifVersion} = /** @type {{version: string}} */ (oclifPackage)
const oclifSource = /\/node_modules\/@oclif\/core\/lib\//

/**
 * What docker-modem and dockerode load at once and keg never uses: gRPC for BuildKit sessions, and an ssh client in JavaScript
 * (keg starts the user's own ssh). They take longer to load than everything else together. The client's log is left out too:
 * with DEBUG set it would log every request and response, with registry credentials and container environments.
 */
const replacedModules = [
  // For plugins compiled from TypeScript at run time, which `settings.enableAutoTranspile` turns off.
  {importer: oclifSource, path: /^typescript$/, contents: throwingModule('typescript')},
  {
    // Each command loads the configuration anew for its own oclif, although the program's has the same version.
    importer: /\/node_modules\/@oclif\/core\/lib\/command\.js$/,
    path: /^\.\/config$/,
    contents: `exports.Config = {
      load(config) {
        require('@oclif/core/logger').setLogger(config)
        return config?._base === '@oclif/core@${oclifVersion}' ? config : require('@oclif/core/config').Config.load(config)
      },
    }`,
  },
  {
    // It finds plugins by patterns; keg's are names.
    importer: /\/node_modules\/@oclif\/core\/lib\/config\/plugin-loader\.js$/,
    path: /^minimatch$/,
    contents: `exports.minimatch = (name, pattern) =>
      name === pattern || (/[*?!{[(]/.test(pattern) && require('./lazy/minimatch.cjs').minimatch(name, pattern))`,
  },
  {importer: /\/node_modules\/dockerode\/lib\//, path: /^\.\/session$/, contents: throwingModule('session')},
  {importer: /\/node_modules\/dockerode\/lib\//, path: /^\.\/buildkit$/, contents: throwingModule('buildkit')},
  {importer: /\/node_modules\/docker-modem\/lib\//, path: /^\.\/ssh$/, contents: throwingModule('ssh')},
  {
    importer: /\/node_modules\/docker-modem\/lib\//,
    path: /^debug$/,
    contents: 'module.exports = () => () => undefined',
  },
  {
    // It renders everything on each request for that log, even with logging off: a fifth of a package's time.
    importer: /\/node_modules\/docker-modem\/lib\/modem\.js$/,
    path: /^util$/,
    contents: `module.exports = {inspect: () => ''}`,
  },
]

/** Packages that oclif imports at once and commands rarely need: each is a file of its own, loaded when something in it is used. */
const lazyPackages = ['cli-spinners', 'ejs', 'lilconfig', 'minimatch', 'tinyglobby']

/** The same for modules of oclif that share state with others, and so stay in the same file: they run when they are used. */
const lazyModules = /^(?:\.\.?\/help(?:\/index)?|\.\/config)$/

const workspaces = await readWorkspaces()
await Promise.all(['', ...workspaces].map(bundle))

/**
 * @param {string} root folder of a package, from the top of the repository
 */
async function bundle(root) {
  const output = join(root, 'dist')
  const {dependencies = {}, oclif} = await readPackage(root)
  const parts = [...Object.values(oclif.hooks ?? {}), ...(oclif.helpClass === undefined ? [] : [oclif.helpClass])]
  const programs = root === '' ? ['src/unexpected.ts'] : []
  const sources = [...programs, ...parts.map((path) => path.replace('./dist/', 'src/').replace(/\.js$/, '.ts'))]
  /** @type {import('esbuild').BuildOptions & {absWorkingDir: string, metafile: true, outdir: string}} */
  const options = {
    absWorkingDir: repository,
    banner: {js: requireForCommonJs},
    bundle: true,
    chunkNames: 'chunks/[name]-[hash]',
    // What is imported by name is installed with the package.
    external: Object.keys(dependencies).flatMap((name) => [name, `${name}/*`]),
    format: 'esm',
    legalComments: 'none',
    metafile: true,
    minifySyntax: true,
    minifyWhitespace: true,
    outbase: 'src',
    outdir: output,
    platform: 'node',
    plugins: [
      {name: 'replaced-modules', setup: replaceModules},
      {name: 'lazy-modules', setup: makeLazy},
      {name: 'named-exports', setup: addNamedExports},
    ],
    splitting: true,
    target: 'node20.19',
  }
  const commands = await commandsOf(root)
  /** @param {string} source */
  const outputOf = (source) => join(output, relative('src', source).replace(/\.ts$/, '.js'))
  const results = await Promise.all([
    build({...options, entryPoints: [...commands, ...sources]}).then(async ({metafile}) => ({
      metafile: await mergeChunks(metafile, {commands: commands.map(outputOf), others: sources.map(outputOf)}, options),
    })),
    build({
      absWorkingDir: repository,
      bundle: true,
      entryPoints: lazyPackages.map((name) => ({in: require.resolve(name), out: join('lazy', name)})),
      legalComments: 'none',
      metafile: true,
      outdir: output,
      outExtension: {'.js': '.cjs'},
      platform: 'node',
      target: options.target,
    }),
    // Separate: nothing unneeded is loaded before the command is known, and stack traces tell oclif from keg.
    ...(root === '' ? [build({...options, entryPoints: ['src/oclif.ts'], splitting: false})] : []),
  ])
  /** @type {import('esbuild').Metafile} */
  const metafile = {inputs: {}, outputs: {}}
  for (const {metafile: part} of results) {
    Object.assign(metafile.inputs, part.inputs)
    Object.assign(metafile.outputs, part.outputs)
  }
  const record = bundleRecordOf(root)
  await mkdir(dirname(record), {recursive: true})
  await writeFile(record, JSON.stringify(metafile))
  await writeFile(join(repository, output, LICENSES), await licensesOf(metafile))
  await removeOthers(output, [...Object.keys(metafile.outputs), join(output, LICENSES)])
  checkImports(root, metafile, Object.keys(dependencies))
  const foreign = filesOfOtherWings(root, metafile)
  if (foreign.length > 0)
    throw new Error(`${root === '' ? 'keg itself' : root} holds what its commands do not run: ${foreign.join(', ')}`)
}

/** @param {string} name */
function throwingModule(name) {
  return `module.exports = () => { throw new Error('keg leaves ${name} out') }`
}

/** @param {import('esbuild').PluginBuild} plugin */
function replaceModules(plugin) {
  for (const {contents, importer, path} of replacedModules) {
    const namespace = `left out: ${path.source}`
    plugin.onResolve({filter: path}, (from) =>
      importer.test(from.importer) ? {namespace, path: from.path} : undefined,
    )
    plugin.onLoad({filter: /./, namespace}, () => ({contents, loader: 'js', resolveDir: repository}))
  }
}

/**
 * Modules whose exports load the real module when they are read.
 *
 * @param {import('esbuild').PluginBuild} plugin
 */
function makeLazy(plugin) {
  const namespace = 'lazy'
  plugin.onResolve({filter: lazyModules}, ({importer, path}) =>
    oclifSource.test(importer) && !importer.endsWith('/index.js')
      ? {namespace, path: relative(repository, createRequire(importer).resolve(path))}
      : undefined,
  )
  plugin.onResolve({filter: /^[a-z]/}, ({importer, path}) =>
    oclifSource.test(importer) && lazyPackages.includes(path) ? {namespace, path} : undefined,
  )
  plugin.onResolve({filter: /^\.\/lazy\//}, ({path}) => ({external: true, path}))
  plugin.onLoad({filter: /./, namespace}, ({path}) => {
    const isPackage = lazyPackages.includes(path)
    /** @type {unknown} */
    const exported = require(isPackage ? path : join(repository, path))
    const names = Object.getOwnPropertyNames(exported).filter((name) => name !== '__esModule')
    const lines = [
      `const load = () => require(${JSON.stringify(isPackage ? `./lazy/${path}.cjs` : `./${path}`)})`,
      `for (const name of ${JSON.stringify(names)})`,
      '  Object.defineProperty(exports, name, {enumerable: true, get: () => load()[name]})',
      // As of what TypeScript compiled: its default export is not the whole module.
      ...('__esModule' in /** @type {object} */ (exported) ? ['exports.__esModule = true'] : []),
    ]
    return {contents: lines.join('\n'), loader: 'js', resolveDir: repository}
  })
}

/**
 * Node finds the named exports of a CommonJS module by reading it; esbuild does not, so `import()` of one would have `default`
 * alone.
 *
 * @param {import('esbuild').PluginBuild} plugin
 */
function addNamedExports(plugin) {
  const namespace = 'named exports'
  plugin.onResolve({filter: /^[^./]/}, ({kind, path}) =>
    kind === 'dynamic-import' && !isBuiltin(path) && !isExternal(plugin, path) ? {namespace, path} : undefined,
  )
  plugin.onLoad({filter: /./, namespace}, async ({path}) => {
    /** @type {unknown} */
    const exported = await import(path)
    const names = Object.keys(/** @type {object} */ (exported))
    const named = names.filter((name) => !['default', 'module.exports'].includes(name))
    const lines = [
      `import * as all from '${path}'`,
      ...(names.includes('default') ? ['export default all.default'] : []),
      `export const {${named.join(', ')}} = all`,
    ]
    return {contents: lines.join('\n'), loader: 'js', resolveDir: repository}
  })
}

/**
 * @param {import('esbuild').PluginBuild} plugin
 * @param {string} path
 */
function isExternal({initialOptions: {external = []}}, path) {
  return external.includes(path)
}

/**
 * @param {string} root
 * @returns {Promise<{dependencies?: Record<string, string>, oclif: {helpClass?: string, hooks?: Record<string, string>}}>}
 */
async function readPackage(root) {
  /** @type {unknown} */
  const parsed = JSON.parse(await readFile(join(repository, root, 'package.json'), 'utf8'))
  return /** @type {Awaited<ReturnType<typeof readPackage>>} */ (parsed)
}

/**
 * @param {string} root
 * @returns {Promise<string[]>} sources of the package's commands; keg's own are those in no plugin
 */
async function commandsOf(root) {
  const folder = root === '' ? 'src/commands' : root
  const foreign = root === '' ? workspaces : [join(root, 'dist'), join(root, 'node_modules')]
  const files = await readdir(join(repository, folder), {recursive: true})
  return files
    .map((file) => join(folder, file))
    .filter((file) => file.endsWith('.ts') && !foreign.some((other) => file.startsWith(`${other}/`)))
    .sort()
}

/**
 * The licenses of all packages with code in a bundle.
 *
 * @param {import('esbuild').Metafile} metafile
 */
async function licensesOf(metafile) {
  const used = Object.values(metafile.outputs).flatMap(({inputs}) => Object.keys(inputs))
  const folders = new Set(used.flatMap((path) => /[^:]*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []))
  const texts = await Promise.all([...folders].sort().map(licenseOf))
  return `What is bundled here of other packages, and its licenses.\n\n${texts.join('\n\n')}\n`
}

/** @param {string} folder of a package */
async function licenseOf(folder) {
  /** @type {unknown} */
  const parsed = JSON.parse(await readFile(join(repository, folder, 'package.json'), 'utf8'))
  const {license, name, version} = /** @type {{license?: string, name: string, version: string}} */ (parsed)
  const files = (await readdir(join(repository, folder))).filter((file) =>
    /^(?:licen[cs]e|copying|notice)\b/i.test(file),
  )
  const texts = await Promise.all(files.sort().map((file) => readFile(join(repository, folder, file), 'utf8')))
  const heading = `${name} ${version} (${license ?? 'see below'})`
  return [heading, '-'.repeat(heading.length), ...texts.map((text) => text.trim())].join('\n')
}

/**
 * Removes files of an earlier bundle: oclif would list the output of a removed command.
 *
 * @param {string} folder
 * @param {readonly string[]} keep from the top of the repository
 */
async function removeOthers(folder, keep) {
  const files = await readdir(join(repository, folder), {recursive: true, withFileTypes: true})
  const paths = files.filter((it) => it.isFile()).map((it) => relative(repository, join(it.parentPath, it.name)))
  await Promise.all(paths.filter((path) => !keep.includes(path)).map((path) => rm(join(repository, path))))
}

/**
 * @param {string} root
 * @param {import('esbuild').Metafile} metafile
 * @param {readonly string[]} dependencies
 * @throws {Error} for a dependency that is not imported, or an import that is not a dependency
 */
function checkImports(root, metafile, dependencies) {
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports)
  const external = imports.filter(
    ({external: isExternal, kind, path}) =>
      isExternal === true && kind !== 'require-resolve' && !isBuiltin(path) && !path.startsWith('./lazy/'),
  )
  const names = new Set(external.map(({path}) => /^(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? path))
  const unknown = [...names].filter((name) => !dependencies.includes(name))
  if (unknown.length > 0)
    throw new Error(`${basename(root)} imports what its package.json does not name: ${unknown.join(', ')}`)
}
