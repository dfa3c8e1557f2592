import {existsSync} from 'node:fs'
import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {expect} from 'chai'
import {houseMap, roomTable} from '../../../scripts/generate/house-map.js'
import {repository} from '../../../scripts/setup/dependencies.js'

describe('houseMap', () => {
  it('draws no arrow where a longer path exists, and none on the ground', () => {
    const map = houseMap(
      new Map([
        ['', new Set(['command', 'tap', 'json'])],
        ['command', new Set(['tap', 'engine'])],
        ['tap', new Set(['tap-folder', 'engine', 'error'])],
        ['tap-folder', new Set(['engine', 'config'])],
        ['config', new Set(['error'])],
      ]),
    )
    const arrows = map.split('\n').filter((line) => line.includes('-->'))
    expect(arrows.map((line) => line.trim())).to.deep.equal([
      'room_command --> room_tap',
      'room_tap --> room_tap_folder',
      'room_tap_folder --> room_engine',
      'top --> room_command',
    ])
    expect(map).to.include('room_tap_folder["tap-folder"]')
    expect(map).to.match(/^ {4}rooms\[".*\bconfig\b.*\berror\b.*"]$/m)
  })
})

describe('roomTable', () => {
  it('names each floor once, beside the first of its rooms', () => {
    expect(roomTable()).to.include('| **services** | `tap` |').and.to.include('\n|  | `sync` |')
  })
})

describe('docs/architecture.md', () => {
  it('names nothing that does not exist', async () => {
    const page = await readFile(join(repository, 'docs/architecture.md'), 'utf8')
    const paths = [...page.matchAll(/`((?:docs|scripts|src|test)\/[^`*]+)`/g)].map(([, path = '']) => path)
    expect(paths).to.include('src/lib/package')
    const steps = [...page.matchAll(/^\d\. \*\*\w+\*\* \(([^)]*)\)/gm)].flatMap(([, names = '']) =>
      [...names.matchAll(/`([^`]+)`/g)].map(([, name = '']) => `src/lib/package/${name}`),
    )
    expect(steps).to.include('src/lib/package/capture')
    const missing = [...paths, ...steps].filter((path) => !existsSync(join(repository, path)))
    expect(missing).to.deep.equal([])
  })
})
