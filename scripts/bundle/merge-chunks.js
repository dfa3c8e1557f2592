import {basename, join, relative, resolve} from 'node:path'
import {build} from 'esbuild'

/** @typedef {import('esbuild').Metafile} Metafile */

/** The part of all commands that loads a chunk that is merged: more would be parsed in vain. */
const MIN_SHARE = 0.9

/**
 * Merges the chunks that nearly all commands load into one file. esbuild makes a chunk for each set of entry points that share modules:
 * some thirty for one command, and finding and opening a file takes longer than parsing most of them.
 *
 * @param {Metafile} metafile of a build with splitting that is on the disk
 * @param {object} entryPoints files that the build made
 * @param {readonly string[]} entryPoints.commands what nine of ten of these load is merged
 * @param {readonly string[]} entryPoints.others what these load is not: they need little of it
 * @param {import('esbuild').BuildOptions & {absWorkingDir: string, outdir: string}} options of the build; plugins are not used
 * @returns {Promise<Metafile>} what is on the disk then
 */
export async function mergeChunks({inputs, outputs}, {commands, others}, options) {
  const {absWorkingDir, outdir} = options
  const apart = new Set(others.flatMap((file) => [...staticImports(outputs, file)]))
  const loads = commands.map((file) => staticImports(outputs, file))
  const merged = Object.keys(outputs).filter(
    (file) =>
      outputs[file]?.entryPoint === undefined &&
      !apart.has(file) &&
      loads.filter((files) => files.has(file)).length >= MIN_SHARE * commands.length,
  )
  if (merged.length < 2) return {inputs, outputs}
  /** @type {(file: string, name: string) => string} */
  const nameOf = (file, name) => `c${merged.indexOf(file)}_${name}`
  /** @type {(file: string) => string} */
  const reexports = (file) => {
    const names = outputs[file]?.exports ?? []
    const list = names.map((name) => `${name} as ${nameOf(file, name)}`).join(', ')
    return `export {${list}} from ${JSON.stringify(`./${basename(file)}`)}`
  }
  /** @type {(folder: string, path: string) => string} */
  const fileIn = (folder, path) => relative(absWorkingDir, resolve(folder, path))
  const shared = {...options, allowOverwrite: true, banner: {}, external: [], plugins: [], splitting: false}

  const {metafile} = await build({
    ...shared,
    entryNames: 'chunks/base-[hash]',
    metafile: true,
    plugins: [
      onImport(({path, resolveDir}) =>
        merged.includes(fileIn(resolveDir, path)) ? undefined : {external: true, path},
      ),
    ],
    stdin: {contents: merged.map(reexports).join('\n'), resolveDir: join(absWorkingDir, outdir, 'chunks')},
  })
  const [base = ''] = Object.keys(metafile.outputs)

  const rest = Object.keys(outputs).filter((file) => !merged.includes(file))
  await build({
    ...shared,
    entryPoints: rest,
    outbase: outdir,
    plugins: [
      onImport(({namespace, path, resolveDir}) => {
        const file = fileIn(resolveDir, path)
        if (namespace === 'merged' || !merged.includes(file)) return {external: true, path}
        // Once for each folder that imports it, because the path to the merged file differs.
        return {namespace: 'merged', path: file, pluginData: resolveDir, suffix: `?${resolveDir}`}
      }),
      {
        name: 'merged',
        setup(plugin) {
          plugin.onLoad({filter: /./, namespace: 'merged'}, ({path, pluginData}) => {
            const names = outputs[path]?.exports ?? []
            const to = JSON.stringify(pathTo(join(absWorkingDir, base), String(pluginData)))
            const list = names.map((name) => `${nameOf(path, name)} as ${name}`).join(', ')
            return {contents: `export {${list}} from ${to}`, loader: 'js'}
          })
        },
      },
    ],
  })

  const parts = merged.flatMap((file) => outputs[file] ?? [])
  /** @type {Metafile['outputs'][string]['inputs']} */
  const sources = Object.fromEntries(parts.flatMap((part) => Object.entries(part.inputs)))
  /** @type {Metafile['outputs'][string]} */
  const made = {
    bytes: metafile.outputs[base]?.bytes ?? 0,
    exports: [],
    imports: parts.flatMap((part) => part.imports).filter(({path}) => !merged.includes(path)),
    inputs: sources,
  }
  return {inputs, outputs: {...Object.fromEntries(rest.map((file) => [file, outputs[file] ?? made])), [base]: made}}
}

/**
 * @param {Metafile['outputs']} outputs
 * @param {string} start
 * @returns {Set<string>} what a file imports at once, directly or not, and the file itself
 */
function staticImports(outputs, start) {
  const found = new Set([start])
  for (const file of found)
    for (const {external, kind, path} of outputs[file]?.imports ?? [])
      if (kind === 'import-statement' && external !== true) found.add(path)
  return found
}

/**
 * @param {(from: import('esbuild').OnResolveArgs) => import('esbuild').OnResolveResult | undefined} resolveImport
 * @returns {import('esbuild').Plugin}
 */
function onImport(resolveImport) {
  return {
    name: 'imports',
    setup(plugin) {
      plugin.onResolve({filter: /./}, (from) => (from.kind === 'entry-point' ? undefined : resolveImport(from)))
    },
  }
}

/**
 * @param {string} file
 * @param {string} folder
 */
function pathTo(file, folder) {
  const path = relative(folder, file)
  return path.startsWith('.') ? path : `./${path}`
}
