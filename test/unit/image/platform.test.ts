import {expect} from 'chai'
import {hostPlatform, platformsThatRunOn, platformText} from '../../../src/lib/image/platform.js'

describe('the platform of an image', () => {
  it('is written as docker writes it, without a variant that it has anyway', () => {
    const texts: [platform: unknown, text: string][] = [
      [{os: 'linux', architecture: 'amd64'}, 'linux/amd64'],
      [{os: 'linux', architecture: 'amd64', variant: 'v1'}, 'linux/amd64'],
      [{os: 'linux', architecture: 'amd64', variant: 'v3'}, 'linux/amd64/v3'],
      [{os: 'linux', architecture: 'arm64', variant: 'v8'}, 'linux/arm64'],
      [{os: 'linux', architecture: 'arm', variant: 'v6'}, 'linux/arm/v6'],
      [{os: 'linux', architecture: 7, variant: {}}, 'linux'],
      [undefined, ''],
      ['linux', ''],
    ]
    for (const [platform, text] of texts) expect(platformText(platform)).to.equal(text)
  })

  it('is one of those that the processor runs, its own first', () => {
    const runs = (architecture: string): string[] =>
      platformsThatRunOn({os: 'linux', architecture}).map((platform) => platformText(platform))
    expect(runs('amd64')).to.deep.equal(['linux/amd64', 'linux/386'])
    expect(runs('x86_64')).to.deep.equal(runs('amd64'))
    expect(runs('aarch64').slice(0, 2)).to.deep.equal(['linux/arm64', 'linux/arm/v8'])
    expect(runs('arm')).to.deep.equal(['linux/arm', 'linux/arm/v6', 'linux/arm/v5'])
    expect(runs('riscv64')).to.deep.equal(['linux/riscv64'])
  })

  it('is Linux, and what Node says of this machine in the names of images', () => {
    expect(hostPlatform().os).to.equal('linux')
    expect(hostPlatform().architecture).not.to.equal('x64')
  })
})
