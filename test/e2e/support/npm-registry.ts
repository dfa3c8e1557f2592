/**
 * An npm registry on loopback: it accepts `npm publish`, and serves the packages that this checkout has installed, so
 * that `npm install` and `keg plugins install` run for real without a network.
 */
import {createHash} from 'node:crypto'
import {once} from 'node:events'
import {readdir, readFile, stat} from 'node:fs/promises'
import type {IncomingMessage, ServerResponse} from 'node:http'
import {createServer} from 'node:http'
import type {AddressInfo} from 'node:net'
import {join, relative, sep} from 'node:path'
import {Readable} from 'node:stream'
import {buffer, json} from 'node:stream/consumers'
import {promisify} from 'node:util'
import {gunzipSync, gzip} from 'node:zlib'

import type {FileEntry} from '../../support/tar.js'
import {readTar, writeTar} from '../../support/tar.js'

/** The fields of a package.json that a registry reads. */
interface Manifest {
  name: string
  version: string
  bundleDependencies?: unknown
  scripts?: unknown
}

interface Dist {
  tarball: string
  integrity?: string
  shasum?: string
}

/**
 * What the registry answers for a package
 * (https://github.com/npm/registry/blob/main/docs/responses/package-metadata.md).
 */
interface Packument {
  name: string
  'dist-tags': Record<string, string>
  versions: Record<string, Manifest & {dist: Dist}>
}

/** The request of `npm publish`. */
interface Publication {
  name: string
  access: string | null
  'dist-tags': Record<string, string>
  versions: Record<string, Manifest>
  _attachments: Record<string, {data: string}>
}

interface Lockfile {
  packages: Record<string, {inBundle?: boolean; link?: boolean}>
}

export class NpmRegistry {
  /** Names that were requested and do not exist, except optional packages that this checkout lacks, too. */
  readonly missing = new Set<string>()
  readonly #absent = new Set<string>()
  readonly #packuments = new Map<string, Packument>()
  readonly #published = new Map<string, Buffer>()
  readonly #tarballs = new Map<string, () => Promise<Buffer>>()
  readonly #server = createServer((request, response) => {
    this.#answer(request, response).catch((error: unknown) => {
      reply(response, 500, {error: String(error)})
    })
  })

  private constructor() {
    // For start() only: nothing can be served before the address is known.
  }

  /** Starts a registry on a free port that serves the packages of a checkout's lockfile from its node_modules. */
  static async start(checkout: string): Promise<NpmRegistry> {
    const registry = new NpmRegistry()
    registry.#server.listen(0, '127.0.0.1')
    await once(registry.#server, 'listening')
    const lockfile = JSON.parse(await readFile(join(checkout, 'package-lock.json'), 'utf8')) as Lockfile
    for (const [path, {inBundle = false, link = false}] of Object.entries(lockfile.packages))
      if (path.includes('node_modules/') && !inBundle && !link) await registry.#serveInstalled(join(checkout, path))
    return registry
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`
  }

  /** The tarball of a package as it was published. */
  published(name: string): Buffer {
    const tarball = this.#published.get(name)
    if (tarball === undefined) throw new Error(`${name} was not published`)
    return tarball
  }

  /** Also offers a published package as another version, which is the latest until `latestAgain` is called. */
  async offerAs(name: string, version: string): Promise<{latestAgain: () => void}> {
    const packument = this.#packuments.get(name)
    const latest = packument?.['dist-tags'].latest ?? ''
    const manifest = packument?.versions[latest]
    if (packument === undefined || manifest === undefined) throw new Error(`${name} was not published`)
    const entries: FileEntry[] = []
    for await (const {body, mode, name: path} of readTar(Readable.from([gunzipSync(this.published(name))]))) {
      const content = await buffer(body)
      const isManifest = path === 'package/package.json'
      const other = isManifest && JSON.stringify({...(JSON.parse(content.toString()) as object), version})
      entries.push({path, content: other === false ? content : Buffer.from(other), mode})
    }
    const tarball = await promisify(gzip)(writeTar(entries), {level: 1})
    this.#add({...manifest, version}, () => Promise.resolve(tarball))
    packument['dist-tags'].latest = version
    return {latestAgain: () => (packument['dist-tags'].latest = latest)}
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  /** Serves a folder of node_modules; a missing one is optional: for another platform, or not compiled here. */
  async #serveInstalled(folder: string): Promise<void> {
    const text = await readFile(join(folder, 'package.json'), 'utf8').catch(() => undefined)
    if (text === undefined) {
      this.#absent.add(folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length))
      return
    }
    const manifest = JSON.parse(text) as Manifest
    // Nothing is compiled in these tests, and npm would run the scripts of a manifest.
    delete manifest.scripts
    this.#add(manifest, () => packFolder(folder, Array.isArray(manifest.bundleDependencies)))
  }

  /** Adds a version of a package; the first is the latest. */
  #add(manifest: Manifest, tarball: () => Promise<Buffer>, checksums: Omit<Dist, 'tarball'> = {}): void {
    const {name, version} = manifest
    const file = `-/${name}-${version}.tgz`
    const packument = this.#packuments.get(name) ?? {name, 'dist-tags': {latest: version}, versions: {}}
    packument.versions[version] = {...manifest, dist: {tarball: this.url + file, ...checksums}}
    this.#packuments.set(name, packument)
    this.#tarballs.set(file, tarball)
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = decodeURIComponent(new URL(request.url ?? '/', this.url).pathname.slice(1))
    if (request.method === 'PUT') {
      this.#publish((await json(request)) as Publication, response)
      return
    }
    const packument = this.#packuments.get(path)
    const tarball = this.#tarballs.get(path)
    if (packument !== undefined) reply(response, 200, packument)
    else if (tarball !== undefined) response.end(await tarball())
    else {
      if (!this.#absent.has(path)) this.missing.add(path)
      reply(response, 404, {error: 'Not found'})
    }
  }

  #publish({_attachments, access, name, versions}: Publication, response: ServerResponse): void {
    // Like the public registry: a scoped package is private by default, which costs money.
    if (name.startsWith('@') && access !== 'public') {
      reply(response, 402, {error: 'You must sign up for private packages'})
      return
    }
    const tarball = Buffer.from(Object.values(_attachments)[0]?.data ?? '', 'base64')
    const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`
    const shasum = createHash('sha1').update(tarball).digest('hex')
    for (const manifest of Object.values(versions))
      this.#add(manifest, () => Promise.resolve(tarball), {integrity, shasum})
    this.#published.set(name, tarball)
    reply(response, 201, {ok: true})
  }
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, {'content-type': 'application/json'}).end(JSON.stringify(body))
}

/** Packs a folder like npm: node_modules only if the package bundles them. */
async function packFolder(folder: string, bundles: boolean): Promise<Buffer> {
  const entries: FileEntry[] = []
  for (const file of await readdir(folder, {recursive: true, withFileTypes: true})) {
    const path = join(file.parentPath, file.name)
    const names = relative(folder, path).split(sep)
    if (!file.isFile() || (names.includes('node_modules') && !bundles)) continue
    const [content, {mode}] = await Promise.all([readFile(path), stat(path)])
    entries.push({path: ['package', ...names].join('/'), content, mode: mode & 0o777})
  }
  return promisify(gzip)(writeTar(entries), {level: 1})
}
