import {expect} from 'chai'
import {installLine, readSystem, startLine, systemOf, type System} from '../../../src/lib/process/system.js'

const bookworm = 'NAME="Debian GNU/Linux"\nVERSION_ID="12"\nID=debian\n'
const noble = 'NAME="Ubuntu"\nVERSION_ID="24.04"\nID=ubuntu\nID_LIKE=debian\n'
const mint = 'ID=linuxmint\nID_LIKE="ubuntu debian"\nVERSION_ID="22"\n'
const fedora = 'ID=fedora\nVERSION_ID=42\n'
const trixie: System = {kind: 'debian', release: 13, isRoot: false}

describe('installLine', () => {
  it('matches the system', () => {
    expect(systemOf('linux', bookworm, false)).to.deep.equal({kind: 'debian', release: 12, isRoot: false})
    expect(systemOf('linux', noble, true)).to.deep.equal({kind: 'ubuntu', release: 24.04, isRoot: true})
    expect(systemOf('linux', mint, false).kind).to.equal('ubuntu')
    expect(systemOf('linux', fedora, false).kind).to.equal('other')
    expect(systemOf('linux', '', false).kind).to.equal('other')
    expect(systemOf('darwin', '', false).kind).to.equal('mac')
    expect(systemOf('linux', 'ID=debian\n', false).release).to.equal(Number.POSITIVE_INFINITY)
  })

  it('names the system’s package', () => {
    expect(installLine('compose', trixie)).to.equal('sudo apt-get install docker-compose')
    expect(installLine('compose', systemOf('linux', noble, false))).to.equal('sudo apt-get install docker-compose-v2')
    expect(installLine('buildx', systemOf('linux', noble, true))).to.equal('apt-get install docker-buildx')
    expect(installLine('docker', trixie)).to.equal('sudo apt-get install docker-cli')
    expect(installLine('docker', systemOf('linux', bookworm, false))).to.equal('sudo apt-get install docker.io')
    expect(installLine('git', systemOf('darwin', '', false))).to.equal('brew install git')
    expect(installLine('mutagen', systemOf('darwin', '', false))).to.equal('brew install mutagen-io/mutagen/mutagen')
  })

  it('is a page if the system has no package: compose of Debian 12 is version 1', () => {
    expect(installLine('compose', systemOf('linux', bookworm, false))).to.match(/^https:/)
    expect(installLine('mutagen', trixie)).to.match(/^https:/)
    for (const what of ['engine', 'docker', 'compose', 'buildx', 'git', 'mutagen', 'ssh'] as const)
      expect(installLine(what, systemOf('linux', fedora, false)), what).to.match(/^https:/)
  })

  it('starts an engine only if one is installed', async () => {
    const system = {...(await readSystem()), kind: 'mac'} as const
    expect(await startLine({PATH: ''}, system)).to.equal(undefined)
  })
})
