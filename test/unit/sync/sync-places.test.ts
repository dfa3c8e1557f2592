import {expect} from 'chai'
import {mkdirSync, realpathSync, symlinkSync} from 'node:fs'
import {join} from 'node:path'
import type {Prompt} from '../../../src/lib/terminal/prompt.js'
import {missingInput} from '../../../src/lib/terminal/prompt.js'
import {UsageError} from '../../../src/lib/error/keg-error.js'
import {findLocalFolder, localPermissions} from '../../../src/lib/sync/create/local-folder.js'
import {checkRemotePath, findRemotePath} from '../../../src/lib/sync/create/remote-path.js'
import {sessionName} from '../../../src/lib/sync/create/session-name.js'
import {GitSandbox} from '../../support/git.js'
import {thrown} from '../../support/thrown.js'
import {exampleContainer} from './example-container.js'

const never = (): Promise<never> => Promise.reject(new Error('nothing else is asked'))
const nobody: Prompt = {
  isInteractive: false,
  choose: never,
  confirm: never,
  text: (question, {flag}) => Promise.reject(missingInput(question, flag)),
}
const somebody = (answer: string): Prompt => ({...nobody, isInteractive: true, text: () => Promise.resolve(answer)})

describe('local folder of a sync', () => {
  let sandbox: GitSandbox
  before(() => {
    sandbox = new GitSandbox()
    sandbox.repository('shop')
    mkdirSync(join(sandbox.folder, 'shop/sub'))
    mkdirSync(join(sandbox.folder, 'plain/.mutagen/agents'), {recursive: true})
    symlinkSync('shop', join(sandbox.folder, 'link'))
  })
  after(() => sandbox.remove())

  async function found(wishes: {given?: string; ofContainer?: string; folder?: string; prompt?: Prompt}) {
    const work = {
      folder: join(sandbox.folder, wishes.folder ?? 'plain'),
      environment: {...sandbox.environment, MUTAGEN_DATA_DIRECTORY: join(sandbox.folder, 'plain/.mutagen')},
      prompt: wishes.prompt ?? nobody,
    }
    return findLocalFolder(work, {given: wishes.given, ofContainer: wishes.ofContainer})
  }

  it('is the given one, the container’s, the repository, or the answer to a prompt', async () => {
    const at = (name: string): string => realpathSync(join(sandbox.folder, name))
    expect(await found({given: '../link/sub'})).to.equal(at('shop/sub'))
    expect(await found({ofContainer: at('shop/sub'), folder: 'shop'})).to.equal(at('shop/sub'))
    expect(await found({ofContainer: '/of/another/machine', folder: 'shop/sub'})).to.equal(at('shop'))
    expect(await found({prompt: somebody('')})).to.equal(at('plain'))
    expect(await found({prompt: somebody('../shop')})).to.equal(at('shop'))
    const error = await thrown(found({}))
    expect(error).to.be.instanceOf(UsageError).with.property('hint').that.includes('--local')
  })

  it('is the root or home folder only if it is given', async () => {
    expect(await thrown(found({ofContainer: '/'}))).to.have.property('code', 'input-missing')
    expect(await thrown(found({ofContainer: sandbox.folder}))).to.have.property('code', 'input-missing')
    expect(await found({given: sandbox.folder})).to.equal(sandbox.folder)
  })

  it('must be a folder, and not one of Mutagen’s', async () => {
    for (const given of ['missing', '../shop/file.txt', '.mutagen', '.mutagen/agents'])
      expect(await thrown(found({given})), given).to.include({code: 'local-invalid', exitCode: 2})
  })

  it('gets files with its user’s umask', async () => {
    const before = process.umask(0o027)
    try {
      expect(await localPermissions(sandbox.folder)).to.include({fileMode: 0o640, directoryMode: 0o750})
    } finally {
      process.umask(before)
    }
  })
})

describe('folder of a sync in the container', () => {
  it('is the given one, the working directory, or the answer to a prompt', async () => {
    const works = (WorkingDir: string) => ({...exampleContainer, Config: {...exampleContainer.Config, WorkingDir}})
    const given = undefined
    expect(await findRemotePath(nobody, {given: '/srv//app/../shop/', container: exampleContainer})).to.equal(
      '/srv/shop',
    )
    expect(await findRemotePath(nobody, {given, container: works('/usr/src/app')})).to.equal('/usr/src/app')
    for (const WorkingDir of ['', '/', '/proc/1'])
      expect(await findRemotePath(somebody('/srv/app'), {given, container: works(WorkingDir)}), WorkingDir).to.equal(
        '/srv/app',
      )
    const error = await thrown(findRemotePath(nobody, {given, container: works('/')}))
    expect(error).to.be.instanceOf(UsageError).with.property('hint').that.includes('--remote')
  })

  it('is an absolute path that Mutagen accepts, outside of the system', () => {
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

describe('name of a sync', () => {
  it('is the container’s, as Mutagen allows it, and unique', () => {
    expect(sessionName(undefined, 'shop', [])).to.equal('shop')
    expect(sessionName(undefined, 'shop_web.1', [])).to.equal('shop-web-1')
    expect(sessionName(undefined, '1st', [{name: 'other'}])).to.equal('sync-1st')
    expect(sessionName(undefined, 'defaults', [])).to.equal('sync-defaults')
    expect(sessionName(undefined, 'shop', [{name: 'shop'}, {name: 'shop-2'}])).to.equal('shop-3')
  })

  it('is the given one, or refused', () => {
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
