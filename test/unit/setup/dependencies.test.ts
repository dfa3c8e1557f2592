import {expect} from 'chai'
import {isInstalled} from '../../../scripts/setup/dependencies.js'

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

  it('is satisfied when all but optional packages are there', () => {
    expect(isInstalled(lockfile, installed)).to.equal(true)
  })

  it('is not satisfied without node_modules', () => {
    expect(isInstalled(lockfile, undefined)).to.equal(false)
  })

  it('notices a missing, a changed and a superfluous package', () => {
    const {'node_modules/a': a, ...rest} = installed.packages
    expect(isInstalled(lockfile, {packages: rest})).to.equal(false)
    expect(isInstalled(lockfile, {packages: {...rest, 'node_modules/a': {...a, integrity: 'sha512-b'}}})).to.equal(
      false,
    )
    expect(isInstalled(lockfile, {packages: {...installed.packages, 'node_modules/b': a}})).to.equal(false)
  })

  it('notices a workspace that is not linked yet', () => {
    const {'node_modules/a': a} = installed.packages
    expect(isInstalled(lockfile, {packages: {'node_modules/a': a}})).to.equal(false)
  })
})
