import {expect} from 'chai'
import {mkdirSync, realpathSync, symlinkSync} from 'node:fs'
import {join} from 'node:path'
import type {Questions} from '../../../src/lib/command/ask.js'
import {missingInput} from '../../../src/lib/command/ask.js'
import {UsageError} from '../../../src/lib/error/keg-error.js'
import {findLocalFolder, localPermissions} from '../../../src/lib/sync/create/local-folder.js'
import {checkRemotePath, findRemotePath} from '../../../src/lib/sync/create/remote-path.js'
import {sessionName} from '../../../src/lib/sync/create/session-name.js'
import {GitSandbox} from '../../support/git.js'
import {thrown} from '../../support/thrown.js'
import {exampleContainer} from './example-container.js'

const never = (): Promise<never> => Promise.reject(new Error('nothing else is asked'))
const nobody: Questions = {
  possible: false,
  choose: never,
  confirm: never,
  text: (question, {flag}) => Promise.reject(missingInput(question, flag)),
}
const somebody = (answer: string): Questions => ({...nobody, possible: true, text: () => Promise.resolve(answer)})

describe('the folder here that is synced', () => {
  let sandbox: GitSandbox
  before(() => {
    sandbox = new GitSandbox()
    sandbox.repository('shop')
    mkdirSync(join(sandbox.folder, 'shop/sub'))
    mkdirSync(join(sandbox.folder, 'plain/.mutagen/agents'), {recursive: true})
    symlinkSync('shop', join(sandbox.folder, 'link'))
  })
  after(() => sandbox.remove())

  async function found(wishes: {given?: string; ofContainer?: string; folder?: string; questions?: Questions}) {
    return findLocalFolder({
      given: wishes.given,
      ofContainer: wishes.ofContainer,
      folder: join(sandbox.folder, wishes.folder ?? 'plain'),
      environment: {...sandbox.environment, MUTAGEN_DATA_DIRECTORY: join(sandbox.folder, 'plain/.mutagen')},
      questions: wishes.questions ?? nobody,
    })
  }

  it('is the one that is named, the container’s, the repository, or the one that is asked for', async () => {
    const at = (name: string): string => realpathSync(join(sandbox.folder, name))
    expect(await found({given: '../link/sub'})).to.equal(at('shop/sub'))
    expect(await found({ofContainer: at('shop/sub'), folder: 'shop'})).to.equal(at('shop/sub'))
    expect(await found({ofContainer: '/of/another/machine', folder: 'shop/sub'})).to.equal(at('shop'))
    expect(await found({questions: somebody('')})).to.equal(at('plain'))
    expect(await found({questions: somebody('../shop')})).to.equal(at('shop'))
    const error = await thrown(found({}))
    expect(error).to.be.instanceOf(UsageError).with.property('hint').that.includes('--local')
  })

  it('is not the whole machine or home unless it is named', async () => {
    expect(await thrown(found({ofContainer: '/'}))).to.have.property('code', 'input-missing')
    expect(await thrown(found({ofContainer: sandbox.folder}))).to.have.property('code', 'input-missing')
    expect(await found({given: sandbox.folder})).to.equal(sandbox.folder)
  })

  it('is a folder, and none of Mutagen’s', async () => {
    for (const given of ['missing', '../shop/file.txt', '.mutagen', '.mutagen/agents'])
      expect(await thrown(found({given})), given).to.include({code: 'local-invalid', exitCode: 2})
  })

  it('gets files as its user makes them', async () => {
    const before = process.umask(0o027)
    try {
      expect(await localPermissions(sandbox.folder)).to.include({fileMode: 0o640, directoryMode: 0o750})
    } finally {
      process.umask(before)
    }
  })
})

describe('the folder in the container that is synced', () => {
  it('is the one that is named, where programs work, or the one that is asked for', async () => {
    const works = (WorkingDir: string) => ({...exampleContainer, Config: {...exampleContainer.Config, WorkingDir}})
    const given = undefined
    expect(
      await findRemotePath({given: '/srv//app/../shop/', container: exampleContainer, questions: nobody}),
    ).to.equal('/srv/shop')
    expect(await findRemotePath({given, container: works('/usr/src/app'), questions: nobody})).to.equal('/usr/src/app')
    for (const WorkingDir of ['', '/', '/proc/1'])
      expect(
        await findRemotePath({given, container: works(WorkingDir), questions: somebody('/srv/app')}),
        WorkingDir,
      ).to.equal('/srv/app')
    const error = await thrown(findRemotePath({given, container: works('/'), questions: nobody}))
    expect(error).to.be.instanceOf(UsageError).with.property('hint').that.includes('--remote')
  })

  it('is an absolute path that Mutagen takes as it is, and no part of the system', () => {
    for (const path of [
      '/app',
      '/home/node',
      '/etc/nginx/conf.d',
      '/usr/local/app',
      '/libs',
      '/a b',
      '/x/~',
      '/x/c:/y',
    ])
      expect(checkRemotePath(path)).to.equal(path)
    const refused = ['', 'app', './app', '/', '/..', '/~', '/~node/x', '/C:/x', '/c:\\x', '/a\nb', '/proc/1', '/sys']
    for (const path of [...refused, '/etc', '/usr', '/usr/', '/usr/bin', '/bin', '/lib/x', '/dev/shm', '/app/../etc'])
      expect(() => checkRemotePath(path), path)
        .to.throw(UsageError)
        .with.property('code', 'remote-invalid')
  })
})

describe('the name of a sync', () => {
  it('is the container’s, as Mutagen takes it, and no other has it', () => {
    expect(sessionName(undefined, 'shop', [])).to.equal('shop')
    expect(sessionName(undefined, 'shop_web.1', [])).to.equal('shop-web-1')
    expect(sessionName(undefined, '1st', [{name: 'other'}])).to.equal('sync-1st')
    expect(sessionName(undefined, 'defaults', [])).to.equal('sync-defaults')
    expect(sessionName(undefined, 'shop', [{name: 'shop'}, {name: 'shop-2'}])).to.equal('shop-3')
  })

  it('is the one that is wished, or none', () => {
    expect(sessionName('mine-2', 'shop', [{name: 'mine'}])).to.equal('mine-2')
    for (const name of ['', '2', 'a_b', 'a b', 'defaults', 'a1b2c3d4-0000-4000-8000-000000000000'])
      expect(() => sessionName(name, 'shop', []), name)
        .to.throw(UsageError)
        .with.property('code', 'sync-name-invalid')
    expect(() => sessionName('mine', 'shop', [{name: 'mine'}]))
      .to.throw(UsageError)
      .with.property('code', 'sync-name-taken')
  })
})
