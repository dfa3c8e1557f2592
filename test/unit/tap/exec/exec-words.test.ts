import {expect} from 'chai'
import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {readExecWords} from '../../../../src/lib/tap/exec/exec-words.js'
import {thrown} from '../../../support/thrown.js'

describe('readExecWords', () => {
  let home: string
  const read = (words: readonly string[], command: readonly string[] = []) =>
    readExecWords(words, command, {XDG_CONFIG_HOME: home})

  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'keg-test-words-'))
    await mkdir(join(home, 'keg'))
    await writeFile(join(home, 'keg/config.yml'), `version: 1\ntaps:\n  shop: {path: ${home}}\n`)
  })

  after(() => rm(home, {recursive: true}))

  it('takes the first word for a tap, where one is linked as that', async () => {
    expect(await read(['shop', 'build', 'test'])).to.deep.equal({name: 'shop', actions: ['build', 'test']})
    expect(await read(['build', 'test'])).to.deep.equal({name: undefined, actions: ['build', 'test']})
    expect(await read([])).to.deep.equal({name: undefined, actions: []})
  })

  it('takes the one word beside a command for a tap, so that one that is not linked is told of', async () => {
    expect(await read(['shpo'], ['ls'])).to.deep.equal({name: 'shpo', actions: []})
    expect(await read([], ['ls'])).to.deep.equal({name: undefined, actions: []})
  })

  it('refuses actions beside a command', async () => {
    expect(await thrown(read(['shop', 'build'], ['ls']))).to.have.property('code', 'usage-invalid')
  })
})
