import {access} from 'node:fs/promises'
import {join} from 'node:path'

/** Folders that a package manager, compiler or test runner fills again, whatever is beside them. */
const ALWAYS = new Set(
  `.angular .bundle .cache .dart_tool .eggs .gradle .mypy_cache .next .nox .nuxt .nyc_output .parcel-cache .pnpm-store .pytest_cache
  .ruff_cache .sass-cache .stack-work .svelte-kit .terraform .tox .turbo .venv .vite .yarn __pycache__ bower_components
  dist-newstyle elm-stuff jspm_packages node_modules venv`.split(/\s+/),
)

/** Other folders, by the files beside them that show what fills them. */
const BESIDE: Readonly<Record<string, readonly string[]>> = {
  _build: ['mix.exs'],
  build: ['package.json', 'pyproject.toml', 'setup.py', 'build.gradle', 'build.gradle.kts', 'CMakeLists.txt'],
  coverage: ['package.json', 'pyproject.toml', 'composer.json'],
  deps: ['mix.exs'],
  dist: ['package.json', 'pyproject.toml', 'setup.py'],
  out: ['package.json', 'build.gradle', 'build.gradle.kts'],
  Pods: ['Podfile'],
  target: ['Cargo.toml', 'pom.xml', 'build.sbt'],
  vendor: ['composer.json', 'Gemfile', 'go.mod'],
}

/** Generated files. */
const FILES = /\.(?:pyc|pyo|tsbuildinfo)$/

/** A folder of code in a container, and the local folder that it comes from. */
export interface CodeFolder {
  readonly remote: string
  readonly local: string
}

/**
 * The folder of dependencies or build output that contains a path and can be recreated. Only below folders of code: a
 * program installed by hand elsewhere is not recreated.
 * @returns that folder, or the path itself; undefined if it cannot be recreated
 */
export async function reproducibleRoot(path: string, folders: readonly CodeFolder[]): Promise<string | undefined> {
  const code = folders
    .filter(({remote}) => path.startsWith(remote.endsWith('/') ? remote : `${remote}/`))
    .toSorted((one, other) => other.remote.length - one.remote.length)[0]
  if (code === undefined) return undefined
  const remote = code.remote.replace(/\/$/, '')
  const names = path.slice(remote.length + 1).split('/')
  for (const [index, name] of names.entries()) {
    const isMade =
      ALWAYS.has(name) || (await isOneThere(join(code.local, ...names.slice(0, index)), BESIDE[name] ?? []))
    if (isMade) return `${remote}/${names.slice(0, index + 1).join('/')}`
  }
  return FILES.test(path) ? path : undefined
}

async function isOneThere(folder: string, files: readonly string[]): Promise<boolean> {
  for (const file of files) {
    const isThere = await access(join(folder, file)).then(
      () => true,
      () => false,
    )
    if (isThere) return true
  }
  return false
}
