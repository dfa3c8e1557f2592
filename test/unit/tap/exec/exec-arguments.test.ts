import {expect} from 'chai'
import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {readExecArguments} from '../../../../src/lib/tap/exec/exec-arguments.js'
import {thrown} from '../../../support/thrown.js'

describe('readExecArguments', () => {
  let home: string
  const read = (words: readonly string[], command: readonly string[] = []) =>
    readExecArguments(words, command, {XDG_CONFIG_HOME: home})

  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'keg-test-words-'))
    await mkdir(join(home, 'keg'))
    await writeFile(join(home, 'keg/config.yml'), `version: 1\ntaps:\n  shop: {path: ${home}}\n`)
  })

  after(() => rm(home, {recursive: true}))

  it('takes the first word as a tap if one is linked by that name', async () => {
    expect(await read(['shop', 'build', 'test'])).to.deep.equal({name: 'shop', actions: ['build', 'test']})
    expect(await read(['build', 'test'])).to.deep.equal({name: undefined, actions: ['build', 'test']})
    expect(await read([])).to.deep.equal({name: undefined, actions: []})
  })

  it('takes a single word before a command as a tap, so that an unlinked one is reported', async () => {
    expect(await read(['shpo'], ['ls'])).to.deep.equal({name: 'shpo', actions: []})
    expect(await read([], ['ls'])).to.deep.equal({name: undefined, actions: []})
  })

  it('refuses actions with a command', async () => {
    expect(await thrown(read(['shop', 'build'], ['ls']))).to.have.property('code', 'usage-invalid')
  })
})
