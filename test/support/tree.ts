/**
 * The contents of a folder, on this machine or in a container, so that both can be compared. Shares no code with keg.
 */
import {createHash} from 'node:crypto'
import {mkdir, readdir, readFile, readlink, stat, writeFile} from 'node:fs/promises'
import {dirname, join, relative} from 'node:path'

import {dockerStream} from './docker.js'
import {readTar} from './tar.js'

export interface TreeEntry {
  type: 'directory' | 'file' | 'symlink'
  /** 07777 */
  mode: number
  uid: number
  gid: number
  /** sha256 of a file as hex, target of a symlink, empty for a directory. */
  content: string
}

/** Path relative to the folder -> its entry, without the folder itself. */
export type Tree = Map<string, TreeEntry>

/** Reads a folder on this machine. */
export async function treeOf(folder: string): Promise<Tree> {
  const tree: Tree = new Map()
  for (const found of await readdir(folder, {recursive: true, withFileTypes: true})) {
    const path = join(found.parentPath, found.name)
    if (found.isSymbolicLink()) {
      tree.set(relative(folder, path), {
        type: 'symlink',
        mode: 0o777,
        uid: 0,
        gid: 0,
        content: await readlink(path),
      })
      continue
    }
    const {gid, mode, uid} = await stat(path)
    const type = found.isDirectory() ? 'directory' : 'file'
    const content = type === 'file' ? sha256(await readFile(path)) : ''
    tree.set(relative(folder, path), {type, mode: mode & 0o7777, uid, gid, content})
  }
  return tree
}

/**
 * Reads a folder of a container, running or not. Throws if it contains anything but directories, files and symlinks.
 */
export async function treeIn(container: string, folder: string): Promise<Tree> {
  const tree: Tree = new Map()
  for await (const {body, gid, link, mode, name, type, uid} of readTar(
    dockerStream(['cp', `${container}:${folder}`, '-']),
  )) {
    // The first name is the folder's own.
    const path = text(name).replace(/\/$/, '').split('/').slice(1).join('/')
    if (path === '') continue
    if (type !== 'directory' && type !== 'file' && type !== 'symlink') throw new Error(`${path} is a ${type}`)
    const parts: Buffer[] = []
    if (type === 'file') for await (const part of body) parts.push(part)
    const contents = {directory: '', file: sha256(Buffer.concat(parts)), symlink: text(link)}
    tree.set(path, {type, mode, uid, gid, content: contents[type]})
  }
  return tree
}

/**
 * Differences in what a sync transfers: types, contents, targets and whether the owner can execute. Empty if there are
 * none.
 */
export function treeDifferences(expected: Tree, actual: Tree): string[] {
  const paths = [...new Set([...expected.keys(), ...actual.keys()])].sort()
  return paths.flatMap((path) => {
    const [one, other] = [synced(expected.get(path)), synced(actual.get(path))]
    return one === other ? [] : [`${path}: expected ${one}, got ${other}`]
  })
}

/** Writes files and their folders: path relative to the folder -> content. */
export async function writeFiles(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  const entries = Object.entries(files).map(([path, content]) => ({path: join(folder, path), content}))
  for (const parent of new Set(entries.map(({path}) => dirname(path)))) await mkdir(parent, {recursive: true})
  await Promise.all(entries.map(async ({content, path}) => writeFile(path, content)))
}

/** A tree of small, distinct files for `writeFiles`, fifty in a folder, three folders deep. */
export function manyFiles(count: number, content = 'text'): Record<string, string> {
  const path = (index: number) =>
    `packages/part-${Math.floor(index / 500)}/source-${Math.floor(index / 50) % 10}/file-${index}.txt`
  return Object.fromEntries(
    Array.from({length: count}, (_, index) => [path(index), `${content} ${index}\n`.repeat(1 + (index % 40))]),
  )
}

function synced(entry: TreeEntry | undefined): string {
  if (entry === undefined) return 'nothing'
  const {content, mode, type} = entry
  return [type, ...(type === 'file' && (mode & 0o100) !== 0 ? ['executable'] : []), content].join(' ').trim()
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}

/** Names in an archive are byte strings. */
function text(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8')
}
