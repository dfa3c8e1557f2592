import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {expect} from 'chai'
import {findBreaches} from '../../../scripts/floors/breaches.js'
import {cruiseSources} from '../../../scripts/floors/cruise.js'
import {FLOORS, roomsOn} from '../../../scripts/floors/house.js'
import {roomCircles} from '../../../scripts/floors/rooms.js'

const ROOMS = FLOORS.flatMap(roomsOn)
const LIBRARIES = ['dockerode', 'simple-git', 'execa', 'inquirer', 'yaml', '@oclif/core']

/** A house without breaches: each room has a file that its own command imports. */
function soundHouse(): Record<string, string> {
  return {
    ...Object.fromEntries(ROOMS.map((room) => [`src/lib/${room}/model.ts`, 'export interface Shape {a: 1}\n'])),
    'src/commands/docker/a.ts': ROOMS.map((room) => `import '../../lib/${room}/model.js'\n`).join(''),
    ...Object.fromEntries(
      LIBRARIES.flatMap((library) => [
        [`node_modules/${library}/package.json`, JSON.stringify({name: library, main: 'index.js'})],
        [`node_modules/${library}/index.js`, 'module.exports = {}\n'],
      ]),
    ),
    'scripts/x.js': 'export const x = 1\n',
  }
}

/** What each rule finds in a house. @param files added to a sound one, by path */
async function breachesOf(files: Record<string, string>): Promise<Record<string, string[]>> {
  const root = await mkdtemp(join(tmpdir(), 'keg-floors-'))
  try {
    for (const [path, text] of Object.entries({...soundHouse(), ...files})) {
      await mkdir(dirname(join(root, path)), {recursive: true})
      await writeFile(join(root, path), text)
    }
    const breaches = findBreaches(await cruiseSources(root, {validate: true}))
    for (const {what} of breaches) expect(what).not.to.equal('')
    return Object.fromEntries(breaches.map(({places, rule}) => [rule, places]))
  } finally {
    await rm(root, {recursive: true})
  }
}

describe('floor rules', () => {
  it('accept a sound house: imports from below, types of a heavy library, a library at its door', async () => {
    const breaches = await breachesOf({
      'src/lib/engine/model.ts': [
        `import type Docker from 'dockerode'`,
        `export const load = async () => import('dockerode')`,
        `export type Client = Docker`,
      ].join('\n'),
      'src/lib/container/model.ts': `import {load} from '../engine/model.js'\nexport const x = load\n`,
      'src/lib/tap/model.ts': `import '../package/a/b/deep.js'\n`,
      'src/lib/package/a/b/deep.ts': `import '../../model.js'\n`,
    })
    expect(breaches).to.deep.equal({})
  })

  it('name each file that breaks one', async () => {
    const breaches = await breachesOf({
      // Types and dynamic imports close a circle, too.
      'src/lib/json/one.ts': `import type {B} from './two.js'\nexport type A = B\n`,
      'src/lib/json/two.ts': `export type B = 1\nexport const load = () => import('./one.js')\n`,
      'src/lib/tar/model.ts': `import type {Shape} from '../async/model.js'\nexport type T = Shape\n`,
      'src/lib/async/model.ts': `export type Shape = typeof import('../lock/model.js')\n`,
      'src/lib/lock/model.ts': `export const load = () => import('../tar/model.js')\n`,
      'src/lib/tap/model.ts': `import '../command/model.js'\n`,
      'src/lib/image/model.ts': `import type {Shape} from '../package/model.js'\nexport type T = Shape\n`,
      'src/lib/git/model.ts': `export const load = () => import('../branch/model.js')\n`,
      'src/lib/error/model.ts': `export {type Shape} from '../registry/model.js'\n`,
      'src/lib/sync/model.ts': `import '../doctor/model.js'\n`,
      'src/lib/proxy/model.ts': `import '../../hooks/h.js'\n`,
      'src/hooks/h.ts': `import '../commands/docker/b.js'\nimport '../../scripts/x.js'\n`,
      'src/commands/docker/b.ts': '',
      'src/lib/values/model.ts': [
        ...['dockerode', 'simple-git', 'execa', 'inquirer'].map((library) => `void import('${library}')`),
        `import type {Command} from '@oclif/core'`,
        `import {spawn} from 'node:child_process'`,
        `import {parse} from 'yaml'`,
        `export const all: [typeof Command, unknown, unknown] = [undefined!, spawn, parse]`,
      ].join('\n'),
      'src/lib/cellar/x.ts': '',
      'src/lib/loose.ts': '',
      'src/lib/branch/model.ts': `import '../cellar/x.js'\nimport '../loose.js'\nimport './a/b/c/deep.js'\n`,
      'src/lib/branch/a/b/c/deep.ts': '',
      'src/lib/mutagen/unused.ts': '',
    })
    const values = 'src/lib/values/model.ts'
    const library = (name: string): string => `${values} -> node_modules/${name}/index.js`
    expect(breaches).to.deep.equal({
      'circle-of-files': [
        ['async/model', 'lock/model', 'tar/model', 'async/model'],
        ['json/one', 'json/two', 'json/one'],
      ].map((way) => way.map((file) => `src/lib/${file}.ts`).join(' -> ')),
      'circle-of-rooms': ['async -> lock -> tar -> async'],
      'commands-apart': ['src/hooks/h.ts -> src/commands/docker/b.ts'],
      'dead-file': ['src/lib/mutagen/unused.ts'],
      'door-engine': [library('dockerode')],
      'door-git': [library('simple-git')],
      'door-oclif': [library('@oclif/core')],
      'door-process': [library('execa')],
      'door-process-by-hand': [`${values} -> child_process`],
      'door-prompt': [library('inquirer')],
      'floor-adapters': ['src/lib/git/model.ts -> src/lib/branch/model.ts'],
      'floor-domain': ['src/lib/image/model.ts -> src/lib/package/model.ts'],
      'floor-ground': ['src/lib/error/model.ts -> src/lib/registry/model.ts'],
      'floor-services': ['src/lib/tap/model.ts -> src/lib/command/model.ts'],
      'heavy-when-used': [library('yaml')],
      'library-below-commands': ['src/lib/proxy/model.ts -> src/hooks/h.ts'],
      'room-unknown': ['src/lib/branch/model.ts -> src/lib/cellar/x.ts', 'src/lib/branch/model.ts -> src/lib/loose.ts'],
      'services-apart': ['src/lib/sync/model.ts -> src/lib/doctor/model.ts'],
      'source-by-itself': ['src/hooks/h.ts -> scripts/x.js'],
      'two-folders-deep': ['src/lib/branch/model.ts -> src/lib/branch/a/b/c/deep.ts'],
    })
  })
})

describe('findBreaches', () => {
  it('does not accept a house in which it found no files', () => {
    const nothing = {violations: [], error: 0, ignore: 0, info: 0, warn: 0, totalCruised: 0, optionsUsed: {args: 'src'}}
    const breaches = findBreaches({modules: [], summary: nothing})
    expect(breaches).to.deep.include({rule: 'room-empty', what: breaches[0]?.what, places: ROOMS.toSorted()})
  })
})

describe('roomCircles', () => {
  it('finds each circle once, by its shortest path', () => {
    const imports = new Map([
      ['a', new Set(['b', 'c'])],
      ['b', new Set(['c', 'd'])],
      ['c', new Set(['a'])],
      ['d', new Set<string>()],
    ])
    expect(roomCircles(imports)).to.deep.equal([['a', 'c', 'a']])
  })
})
