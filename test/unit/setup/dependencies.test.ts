import {expect} from 'chai'
import {isInstalled, readWorkspaces} from '../../../scripts/setup/dependencies.js'

describe('isInstalled', () => {
  const lockfile = {
    packages: {
      '': {version: '0.1.0'},
      'node_modules/a': {version: '1.0.0', integrity: 'sha512-a'},
      'node_modules/other-platform': {version: '1.0.0', integrity: 'sha512-o', optional: true},
      'node_modules/@keg/docker': {resolved: 'src/commands/docker', link: true},
    },
  }
  const installed = {
    packages: {
      'node_modules/a': {version: '1.0.0', integrity: 'sha512-a'},
      'node_modules/@keg/docker': {resolved: 'src/commands/docker', link: true},
    },
  }

  it('is true if all packages but optional ones exist', () => {
    expect(isInstalled(lockfile, installed)).to.equal(true)
  })

  it('is false without node_modules', () => {
    expect(isInstalled(lockfile, undefined)).to.equal(false)
  })

  it('finds a missing, a changed and an extraneous package', () => {
    const {'node_modules/a': a, ...rest} = installed.packages
    expect(isInstalled(lockfile, {packages: rest})).to.equal(false)
    expect(isInstalled(lockfile, {packages: {...rest, 'node_modules/a': {...a, integrity: 'sha512-b'}}})).to.equal(
      false,
    )
    expect(isInstalled(lockfile, {packages: {...installed.packages, 'node_modules/b': a}})).to.equal(false)
  })

  it('finds a workspace that is not linked yet', () => {
    const {'node_modules/a': a} = installed.packages
    expect(isInstalled(lockfile, {packages: {'node_modules/a': a}})).to.equal(false)
  })
})

describe('readWorkspaces', () => {
  it("returns the folders of the plugins, but not keg's own", async () => {
    expect(await readWorkspaces()).to.deep.equal(['docker', 'sync', 'tap'].map((topic) => `src/commands/${topic}`))
  })
})
