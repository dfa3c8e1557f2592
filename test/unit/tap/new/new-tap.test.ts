import {expect} from 'chai'
import {chmod, mkdir, mkdtemp, readdir, readFile, realpath, rm, stat, symlink, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {missingInput, type Prompt} from '../../../../src/lib/terminal/prompt.js'
import {readUserConfiguration} from '../../../../src/lib/config/user-configuration.js'
import {FailedError, InterruptedError, RefusedError, UsageError} from '../../../../src/lib/error/keg-error.js'
import {newTapText} from '../../../../src/lib/tap/new/new-tap-text.js'
import {newTap, type NewTap, type NewTapOptions} from '../../../../src/lib/tap/new/new-tap.js'
import {writeFiles} from '../../../../src/lib/tap/new/write-files.js'
import {validateTap} from '../../../../src/lib/tap/validate/validate-tap.js'
import {thrown} from '../../../support/thrown.js'
import {exampleProgram} from '../../tap-folder/plugin/example-program.js'
import type {Work} from '../../../../src/lib/work/work.js'
import {call} from '../../../support/work.js'

const nobody: Prompt = {
  isInteractive: false,
  confirm: (question, {flag}) => Promise.reject(missingInput(question, flag)),
  choose: (question, _choices, {flag}) => Promise.reject(missingInput(question, flag)),
  text: (question, {flag}) => Promise.reject(missingInput(question, flag)),
}

describe('new tap', () => {
  let home: string
  const at = (path: string): string => join(home, path)
  const environment = (): NodeJS.ProcessEnv => ({
    HOME: home,
    XDG_CONFIG_HOME: at('config'),
    XDG_STATE_HOME: at('state'),
  })
  const make = (options: Partial<NewTapOptions & Work> = {}): Promise<NewTap> =>
    call(newTap, {
      name: 'shop',
      path: undefined,
      base: 'busybox:stable',
      from: undefined,
      port: 8080,
      link: true,
      dryRun: false,
      folder: home,
      environment: environment(),
      program: exampleProgram(at('data')),
      prompt: nobody,
      notice: () => undefined,
      signal: new AbortController().signal,
      ...options,
    })
  const linked = async (): Promise<string[]> => [...(await readUserConfiguration(environment())).taps.keys()]

  beforeEach(async () => {
    home = await realpath(await mkdtemp(join(tmpdir(), 'keg-new-')))
  })
  afterEach(async () => {
    await chmod(home, 0o700)
    await rm(home, {recursive: true, force: true})
  })

  it('has all files of a tap, is linked, and is valid', async () => {
    const made = await make()
    expect(made).to.deep.equal({
      name: 'shop',
      folder: at('shop'),
      files: [
        '.dockerignore',
        'container/Dockerfile',
        'container/docker-compose.yml',
        'container/mutagen.yml',
        'container/run.sh',
        'container/values.yml',
        'page/index.html',
        'tap.json',
      ],
      baseImage: 'busybox:stable',
      image: 'shop:develop',
      composeFile: null,
      linked: true,
      isCommand: true,
      dryRun: false,
    })
    const found = await readdir(at('shop'), {recursive: true, withFileTypes: true})
    const files = found.filter((each) => each.isFile()).map(({name, parentPath}) => join(parentPath, name))
    expect(files.map((file) => file.slice(at('shop/').length)).sort()).to.deep.equal([...made.files])
    expect((await stat(at('shop/container/run.sh'))).mode & 0o111, 'the run script can be run').to.not.equal(0)
    expect(await linked()).to.deep.equal(['shop'])
    const report = await call(validateTap, {
      target: 'shop',
      folder: home,
      environment: environment(),
      environmentName: undefined,
    })
    expect(report.problems).to.deep.equal([])
    expect(newTapText(made)).to.match(
      /^Created the tap shop in .*\n {2}\.dockerignore\n[^]*Start it with: keg shop start$/,
    )
  })

  it('accepts a base image, image and port, and names that YAML reads differently', async () => {
    const made = await make({
      name: 'yes',
      base: 'localhost:5000/acme/base@sha256:' + 'a'.repeat(64),
      from: 'ghcr.io/acme/yes:develop',
      port: 3000,
      path: 'a folder/with blanks',
    })
    expect(made).to.include({folder: at('a folder/with blanks'), image: 'ghcr.io/acme/yes:develop'})
    const values = await readFile(join(made.folder, 'container/values.yml'), 'utf8')
    expect(values).to.include(`KEG_BASE_IMAGE: ${made.baseImage}\n`).and.include('KEG_PROXY_PORT: 3000\n')
    expect(values).to.include('KEG_IMAGE_FROM: ghcr.io/acme/yes:develop\n')
    expect(await readFile(join(made.folder, 'container/docker-compose.yml'), 'utf8')).to.include("\n  'yes':\n")
    const report = await call(validateTap, {
      target: made.folder,
      folder: home,
      environment: environment(),
      environmentName: undefined,
    })
    expect(report.problems).to.deep.equal([])
  })

  it('uses the compose file at the top of a folder, with or without a Dockerfile', async () => {
    const plain = {base: undefined, name: undefined, path: undefined, port: undefined}
    for (const [file, dockerfile] of [
      ['compose.yaml', false],
      ['docker-compose.yml', true],
    ] as const) {
      const folder = at(`My ${file.length}`)
      const name = `my-${file.length}`
      await mkdir(folder)
      await writeFile(join(folder, file), 'services: {web: {image: "nginx:1"}}\n')
      if (dockerfile) await writeFile(join(folder, 'Dockerfile'), 'FROM scratch\n')
      const before = await readdir(folder)
      expect(await make({...plain, folder, dryRun: true})).to.include({name, folder, composeFile: file, linked: false})
      expect(await readdir(folder)).to.deep.equal(before)
      const made = await make({...plain, folder})
      expect(made).to.deep.include({name, folder, files: ['tap.json'], baseImage: null, image: null, linked: true})
      expect(newTapText(made)).to.include(`, which uses its ${file}:\n  tap.json`)
      expect((await readdir(folder)).sort()).to.deep.equal([...before, 'tap.json'].sort())
      const target = {target: name, folder: home, environment: environment(), environmentName: undefined}
      expect((await call(validateTap, target)).problems).to.deep.equal([])
    }
  })

  it('writes only what the flags say beside a compose file', async () => {
    const folder = at('app')
    const said: string[] = []
    await mkdir(folder)
    await writeFile(join(folder, 'compose.yml'), 'services: {web: {image: "nginx:1"}}\n')
    await writeFile(join(folder, 'package.json'), '{"keg": {"alias": "till"}}')
    const options = {path: 'app', from: 'acme/shop:develop', port: 3000, notice: (line: string) => said.push(line)}
    const made = await make({...options, name: undefined, base: 'node:22'})
    expect(made).to.deep.include({name: 'till', files: ['values.yml'], image: 'acme/shop:develop'})
    expect(await readFile(join(folder, 'values.yml'), 'utf8')).to.match(
      /KEG_IMAGE_FROM: acme\/shop:develop\n[^]*3000\n$/,
    )
    expect(said.join()).to.include('--base has no effect: compose.yml')
    expect(await thrown(make({...options, name: 'other'}))).to.include({code: 'tap-file-exists'})
    // With a folder container/, the compose file at the top is not the tap's.
    await mkdir(join(folder, 'container'))
    expect(await make({name: 'new', path: 'app/new'})).to.include({composeFile: null})
  })

  it('asks for its name without a name and a folder', async () => {
    expect(await thrown(make({name: undefined}))).to.include({code: 'input-missing'})
    const text: Prompt['text'] = (_question, {validate}) => {
      expect(validate?.('My Shop')).to.be.a('string')
      expect(validate?.('store')).to.equal(true)
      return Promise.resolve('store')
    }
    expect(await make({name: undefined, prompt: {...nobody, isInteractive: true, text}})).to.include({name: 'store'})
    await mkdir(at('My App'))
    expect(await make({name: undefined, path: 'My App'})).to.include({name: 'my-app', folder: at('My App')})
  })

  it('overwrites nothing, and checks everything before it writes', async () => {
    await mkdir(at('shop/page'), {recursive: true})
    await writeFile(at('shop/tap.json'), 'mine')
    await symlink('nowhere', at('shop/page/index.html'))
    for (const dryRun of [true, false]) {
      const error = await thrown(make({dryRun}))
      expect(error).to.be.instanceOf(RefusedError).and.include({code: 'tap-file-exists'})
      expect(error.message.split('\n').slice(1)).to.deep.equal([
        `  ${at('shop/page/index.html')}`,
        `  ${at('shop/tap.json')}`,
      ])
    }
    expect((await readdir(at('shop'), {recursive: true})).sort()).to.deep.equal(['page', 'page/index.html', 'tap.json'])
    expect(await readFile(at('shop/tap.json'), 'utf8')).to.equal('mine')
    expect(await linked()).to.deep.equal([])
  })

  it('can be in a folder with other files, and is refused if a file is in place of a folder', async () => {
    await mkdir(at('app/container'), {recursive: true})
    await writeFile(at('app/package.json'), '{}')
    await make({path: 'app'})
    expect(await readdir(at('app'))).to.include.members(['package.json', 'tap.json'])
    await mkdir(at('other'))
    await writeFile(at('other/container'), '')
    expect(await thrown(make({name: 'other', path: 'other'}))).to.include({code: 'tap-file-exists'})
    expect(await readdir(at('other'))).to.deep.equal(['container'])
    const inPlace = await thrown(make({name: 'other', path: 'other/container'}))
    expect(inPlace.message).to.equal(`1 file exists already, and none is overwritten:\n  ${at('other/container')}`)
  })

  it('writes nothing with --dry-run, and does not link with --no-link', async () => {
    const planned = await make({dryRun: true})
    expect(planned.files).to.have.length(8)
    expect(newTapText(planned)).to.match(/^Would create the tap shop/)
    expect(await readdir(home)).to.deep.equal([])
    const made = await make({link: false})
    expect(made).to.include({linked: false})
    expect(await linked()).to.deep.equal([])
    expect(newTapText(made)).to.include(`Link it with: keg tap link ${at('shop')}`)
  })

  it('refuses invalid names and images before it writes', async () => {
    await make({name: 'taken'})
    for (const [code, options] of [
      ['tap-name-invalid', {name: '../shop'}],
      ['tap-name-invalid', {name: 'Shop'}],
      ['tap-name-reserved', {name: 'docker'}],
      ['tap-name-taken', {name: 'taken', path: 'elsewhere'}],
      ['reference-invalid', {base: 'busybox:a\nRUN x'}],
      ['reference-invalid', {from: 'UPPER'}],
    ] as const) {
      const error = await thrown(make(options))
      expect(error, code).to.be.instanceOf(UsageError).and.include({code})
    }
    expect((await readdir(home)).sort()).to.deep.equal(['config', 'data', 'state', 'taken'])
  })

  it('leaves nothing behind if it cannot be written or linked, or is interrupted', async () => {
    const before = async (): Promise<string[]> =>
      (await readdir(home)).filter((name) => !['config', 'data', 'state'].includes(name))
    // Opening a file below a file fails on every machine, also for root.
    await writeFile(at('file'), '')
    const unwritable = await thrown(make({path: 'file/shop', link: false}))
    expect(unwritable).to.include({code: 'tap-file-exists'})

    const files = [
      {path: 'new/a', text: '', mode: 0o644},
      {path: `new/deep/${'x'.repeat(300)}`, text: '', mode: 0o644},
    ]
    const failed = await thrown(writeFiles(at('half'), files, new AbortController().signal))
    expect(failed).to.be.instanceOf(FailedError).and.include({code: 'tap-unwritable'})

    const abort = new AbortController()
    const interrupted = new InterruptedError('SIGINT')
    const signal = new Proxy(abort.signal, {
      get(target, name) {
        // After the third file.
        if (name === 'throwIfAborted' && ++looked === 4) abort.abort(interrupted)
        const value: unknown = Reflect.get(target, name)
        return typeof value === 'function' ? (value.bind(target) as unknown) : value
      },
    })
    let looked = 0
    expect(await thrown(make({signal, link: false}))).to.equal(interrupted)

    // The link cannot be stored if a file is in place of the configuration folder.
    await writeFile(at('config'), '')
    expect(await thrown(make())).to.include({code: 'configuration-unwritable'})
    expect(await before()).to.deep.equal(['file'])
  })
})
