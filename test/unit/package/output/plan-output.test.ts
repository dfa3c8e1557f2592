import {expect} from 'chai'
import {mkdirSync, symlinkSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {PassThrough} from 'node:stream'
import {KegError} from '../../../../src/lib/error/keg-error.js'
import {findEarlier, planTarget} from '../../../../src/lib/package/output/plan-output.js'
import {missingInput, type Prompt} from '../../../../src/lib/terminal/prompt.js'
import {thrown} from '../../../support/thrown.js'
import {nobody, testWork} from '../../../support/work.js'
import {NAME, tarOf, writtenFiles} from '../../image/file/written-file.js'
import {writtenLayer} from '../../image/written.js'
import {ownTemporaryFolder} from '../temporary-folder.js'

describe('where a package is written', () => {
  const folder = ownTemporaryFolder()
  const options = {dryRun: false, since: undefined, stdout: new PassThrough()}

  async function code(output: string, prompt: Prompt = nobody, more: object = {}): Promise<string> {
    const error = await thrown(planTarget({folder: folder.path, prompt}, {...options, ...more, output}))
    if (!(error instanceof KegError)) throw error
    expect(error.hint).to.match(/\w/)
    return error.code
  }

  it('is a file in a folder that exists, with a path that commands take for a file', async () => {
    const place = join(folder.path, 'shop')
    const target = await planTarget({folder: folder.path, prompt: nobody}, {...options, output: 'shop'})
    expect(target).to.deep.equal({kind: 'file', path: './shop', place, replaces: false})
    expect(await planTarget({folder: folder.path, prompt: nobody}, {...options, output: undefined})).to.equal(undefined)
    expect(await code('')).to.equal('output-invalid')
    expect(await code('folder/')).to.equal('output-invalid')
    expect(await code('none/shop')).to.equal('output-invalid')
    mkdirSync(join(folder.path, 'folder'))
    expect(await code('folder')).to.equal('output-invalid')
    writeFileSync(join(folder.path, 'real'), '')
    symlinkSync('real', join(folder.path, 'link'))
    expect(await code('link')).to.equal('output-invalid')
    expect(await code('/dev/null')).to.equal('output-invalid')
  })

  it('is a file that exists only if the user agrees; a dry run does not ask', async () => {
    writeFileSync(join(folder.path, 'shop'), '')
    const asked: string[] = []
    const answering = (answer: boolean): Prompt => ({
      ...nobody,
      isInteractive: true,
      confirm: (question, {flag}) => {
        asked.push(`${question} ${flag}`)
        return Promise.resolve(answer)
      },
    })
    const unanswered: Prompt = {...nobody, confirm: (question, {flag}) => Promise.reject(missingInput(question, flag))}
    const yes = await planTarget({folder: folder.path, prompt: answering(true)}, {...options, output: 'shop'})
    expect(yes).to.have.property('replaces', true)
    expect(await code('shop', answering(false))).to.equal('output-exists')
    expect(asked).to.deep.equal(Array.from({length: 2}, () => 'shop exists already. Replace it? --yes'))
    expect(await code('shop', unanswered)).to.equal('output-exists')
    const dry = {...options, output: 'shop', dryRun: true}
    expect(await planTarget({folder: folder.path, prompt: unanswered}, dry)).to.have.property('replaces', true)
  })

  it('is standard output with a dash, unless that is a terminal or has JSON', async () => {
    const {stdout} = options
    expect(await planTarget({folder: folder.path, prompt: nobody}, {...options, output: '-'})).to.deep.equal({
      kind: 'stream',
      stream: stdout,
    })
    expect(await code('-', nobody, {stdout: undefined})).to.equal('output-invalid')
    expect(await code('-', nobody, {stdout: Object.assign(new PassThrough(), {isTTY: true})})).to.equal(
      'output-invalid',
    )
  })

  it('leaves out the layers of another file', async () => {
    const layers = [writtenLayer('a', 10), writtenLayer('b', 10)]
    writeFileSync(join(folder.path, 'before.tar'), tarOf(await writtenFiles(layers)))
    const work = {...testWork({engine: {}}), folder: folder.path}
    expect(await findEarlier(work, {dryRun: false, since: 'before.tar'})).to.deep.equal({
      name: NAME,
      diffIds: new Set(layers.map(({diffId}) => diffId)),
    })
    expect(await findEarlier(work, {dryRun: false, since: undefined})).to.equal(undefined)
  })

  it('leaves out the layers of an image of the engine, which a dry run does not pull', async () => {
    const details = {
      Id: 'sha256:1',
      Architecture: 'amd64',
      Os: 'linux',
      Size: 1,
      RootFS: {Type: 'layers', Layers: ['a']},
    }
    const has = (name: string): boolean => name === 'shop:one'
    const engine = {image: (name: string) => Promise.resolve(has(name) ? details : undefined)}
    const work = {...testWork({engine}), folder: folder.path}
    for (const dryRun of [false, true])
      expect(await findEarlier(work, {dryRun, since: 'shop:one'})).to.deep.equal({
        name: 'shop:one',
        diffIds: new Set(['a']),
      })
    expect(await findEarlier(work, {dryRun: true, since: 'shop:two'})).to.deep.equal({
      name: 'shop:two',
      diffIds: new Set(),
    })
  })
})
