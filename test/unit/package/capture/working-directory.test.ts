import {expect} from 'chai'
import type {FoundEntry} from '../../../../src/lib/container/resolve-directory.js'
import {workingDirectoryWarnings} from '../../../../src/lib/package/capture/working-directory.js'

const files: Readonly<Record<string, FoundEntry>> = {
  '/app': {kind: 'directory'},
  '/app/data': {kind: 'directory'},
  '/file': {kind: 'other'},
  '/current': {kind: 'link', target: '/app/data'},
  '/link': {kind: 'link', target: '/app'},
  '/dangling': {kind: 'link', target: '/gone'},
  '/loop': {kind: 'link', target: 'loop'},
}
const mounts = [
  {destination: '/link', included: true},
  {destination: '/app/data', included: false},
]

function warnings(directory: string | undefined, among: typeof mounts = mounts): Promise<string[]> {
  return workingDirectoryWarnings({
    directory,
    look: (path) => Promise.resolve(files[path] ?? {kind: 'missing'}),
    mounts: among,
  })
}

describe('the working directory of a package', () => {
  for (const directory of [undefined, '', '/', '/app', '/app/', '/link'])
    it(`causes no warning if it is ${JSON.stringify(directory)}`, async () =>
      expect(await warnings(directory)).to.deep.equal([]))

  const wrong: readonly [directory: string, warning: RegExp][] = [
    ['/app/data', /in the mount \/app\/data, whose files are not in the package/],
    ['/current', /\/current \(\/app\/data\) is in the mount \/app\/data/],
    ['/app/data/below', /in the mount \/app\/data/],
    ['/file', /\/file is not a folder.*--workdir/],
    ['/dangling', /\/dangling \(\/gone\) does not exist.*empty folder/],
    ['/gone', /\/gone does not exist/],
    ['/loop', /symlink to itself/],
  ]
  for (const [directory, warning] of wrong)
    it(`causes a warning if it is ${directory}`, async () => {
      const found = await warnings(directory)
      expect(found).to.have.length(1)
      expect(found[0]).to.match(warning)
    })

  it('belongs to the innermost mount', async () => {
    expect(
      await warnings('/app/data', [
        {destination: '/app', included: false},
        {destination: '/app/data', included: true},
      ]),
    ).to.deep.equal([])
  })
})
