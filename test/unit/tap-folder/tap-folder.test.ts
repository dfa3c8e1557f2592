import {expect} from 'chai'
import {mkdir, mkdtemp, realpath, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {FailedError} from '../../../src/lib/error/keg-error.js'
import {readTapFolder, refuseProblems} from '../../../src/lib/tap-folder/tap-folder.js'
import {thrown} from '../../support/thrown.js'
import {herkin, retheme, shop} from './real-shapes.js'
import type {TapFolder} from '../../../src/lib/tap-folder/model.js'

describe('tap folder', () => {
  let folder: string
  const write = async (files: Readonly<Record<string, string | Uint8Array>>): Promise<void> => {
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), {recursive: true})
      await writeFile(join(folder, path), content)
    }
  }
  const read = async (files: Readonly<Record<string, string | Uint8Array>>, name = 'local'): Promise<TapFolder> => {
    await write(files)
    return readTapFolder(folder, name)
  }
  /** The values of all files, the highest of each. */
  const texts = ({values}: TapFolder): Record<string, string> =>
    Object.fromEntries(values.flatMap((file) => [...file.values].map(([name, {text}]) => [name, text])))

  beforeEach(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'keg tap-')))
  })
  afterEach(() => rm(folder, {recursive: true, force: true}))

  describe('of real teams', () => {
    it('is read unchanged: values, services, actions of both files, and sync settings', async () => {
      const files = await read(shop)
      expect(files.problems).to.deep.equal([])
      expect(files.alias).to.equal('shop')
      expect([...files.ownAliases]).to.deep.equal(['shop'])
      expect(files.containerFolder).to.equal(join(folder, 'container'))
      expect(files.dockerfile).to.equal(join(folder, 'container/Dockerfile'))
      expect(files.services).to.deep.equal(['shop'])
      expect(texts(files)).to.include({
        KEG_CONTEXT_PATH: '{{ cli.taps.shop.path }}',
        KEG_PROXY_PORT: '19006',
        VERSION: '1.0.0',
        CHOKIDAR_USEPOLLING: '1',
      })
      expect([...files.actions.keys()].sort()).to.deep.equal([
        'core:att',
        'core:install',
        'tap:build',
        'tap:serve',
        'tap:start',
      ])
      expect(files.actions.get('tap:build')?.commands).to.deep.equal([
        'yarn web:build',
        'cp -R {{ envs.DOC_APP_PATH }}/web-build {{ envs.DOC_BUILD_PATH }}',
      ])
      expect(files.actions.get('tap:serve')).to.include({detach: true, privileged: false})
      expect(files.actions.get('tap:serve')?.commands).to.deep.equal(['npx serve {{ envs.DOC_BUILD_PATH }}'])
      expect(files.actions.get('core:att')?.commands).to.deep.equal(['bash'])
      expect(files.actions.get('core:install')).to.include({
        location: '/keg/tap/node_modules/keg-core',
        detach: false,
        privileged: true,
      })
      expect(files.syncs.get('shop')).to.deep.include({
        mode: 'one-way-replica',
        ignores: ['node_modules', '/.*', '!/.npmrc'],
        ignoresVersionControl: true,
        mergesDefaults: false,
        local: '/keg/tap',
        remote: 'docker://tap/keg/tap',
      })
    })

    it("takes actions without a group as the tap's own, and recognizes its own folder in the obsolete style", async () => {
      const files = await read(retheme)
      expect(files.problems).to.deep.equal([])
      expect(files.alias).to.equal('retheme')
      expect([...files.ownAliases]).to.deep.equal(['retheme', 'rc'])
      expect([...files.actions.keys()]).to.have.members(['tap:install', 'tap:start'])
      expect(files.syncs.size).to.equal(0)
      expect(files.mutagenFile).to.equal(undefined)
    })

    it('can have a Dockerfile at its top, other extensions, a file for an environment, and unquoted templates', async () => {
      const files = await read(herkin, 'qa')
      expect(files.problems).to.deep.equal([])
      expect(files.dockerfile).to.equal(join(folder, 'Dockerfile'))
      expect(files.services, 'the order of the file').to.deep.equal(['keg-herkin', 'browser'])
      expect(texts(files)).to.deep.equal({
        KEG_CONTEXT_PATH: '{{ cli.taps.herkin.path }}',
        CONTAINER_NAME: 'keg-herkin',
        NODE_ENV: 'qa',
      })
      expect(files.values.map(({file}) => file.slice(folder.length))).to.deep.equal([
        '/container/values.yaml',
        '/container/values_qa.yaml',
      ])
      expect([...files.syncs.keys()]).to.deep.equal(['keg-herkin', 'defaults'])
      expect(files.syncs.get('keg-herkin')).to.deep.include({
        mode: 'two-way-safe',
        ignores: ['/tests'],
        mergesDefaults: true,
        fileMode: '0644',
        directoryMode: '0775',
        group: 'app',
      })
    })

    it('needs only a Dockerfile at its top', async () => {
      const files = await read({Dockerfile: 'FROM busybox\n', 'values.yml': 'env: {A: 1}\n'})
      expect(files.problems).to.deep.equal([])
      expect(files.containerFolder).to.equal(folder)
      expect(texts(files)).to.deep.equal({A: '1'})
      expect(files).to.include({composeFile: undefined, mutagenFile: undefined, dotenv: undefined, alias: undefined})
    })
  })

  it('has values as written, with their positions, through anchors and merges', async () => {
    const text = [
      'base: &base',
      '  A: 0644',
      '  B: 1.0',
      'env:',
      '  <<: *base',
      '  B: yes',
      '  C: "quoted # {{ envs.A }}"',
      '  D: {{ envs.B }}/{{ envs.C }} # a comment',
      '  E:',
      '  F: |-',
      '    two',
      '    lines',
      '  G: *anchor',
    ].join('\n')
    const files = await read({Dockerfile: '', 'container/values.yml': text.replace('  E:', '  E: &anchor')})
    expect(texts(files)).to.deep.equal({
      A: '0644',
      B: 'yes',
      C: 'quoted # {{ envs.A }}',
      D: '{{ envs.B }}/{{ envs.C }}',
      E: '',
      F: 'two\nlines',
      G: '',
    })
    const place = (name: string) => files.values[0]?.values.get(name)
    expect(place('C')).to.include({line: 7, column: 3, file: join(folder, 'container/values.yml')})
    expect(place('D')).to.include({line: 8, column: 3})
    expect(
      files.problems.map(({message}) => message),
      'the key above env',
    ).to.have.length(1)
  })

  it('reads .env like dotenv', async () => {
    const text = '# mine\nexport KEG_A=1\nDATABASE_URL="postgres://x#y"\nKEG_B=\'a b\'\nKEG_C="a\nKEG_A=2"\n'
    const {dotenv, problems} = await read({Dockerfile: '', '.env': `\ufeff${text}`})
    expect(problems).to.deep.equal([])
    expect([...(dotenv?.values ?? [])].map(([name, {line, text: value}]) => [name, value, line])).to.deep.equal([
      ['KEG_A', '1', 6],
      ['DATABASE_URL', 'postgres://x#y', 3],
      ['KEG_B', 'a b', 4],
      ['KEG_C', 'a\nKEG_A=2', 5],
    ])
  })

  it('does not run scripts, and reads an alias only if it is a plain string', async () => {
    const alias = async (script: string): Promise<string | undefined> =>
      (await read({Dockerfile: '', 'tap.js': script})).alias
    expect(await alias('module.exports = () => ({keg: {\n  // alias: "no",\n  "alias": `shop`}})')).to.equal('shop')
    expect(await alias('export default {keg: {cli: {link: {name: "evf"}}, alias: undefined}}')).to.equal('evf')
    expect(await alias('module.exports = {alias: {"@": "./src"}, keg: {routes: {alias: "no"}}}')).to.equal(undefined)
    expect(await alias('const name = "x"; module.exports = {keg: {alias: name}}')).to.equal(undefined)
    expect(await alias('module.exports = {keg: {alias: `${x}`}}')).to.equal(undefined)
    expect(await alias('process.exit(7) // keg: {alias: "x"}')).to.equal(undefined)
    expect(await alias('{'.repeat(100_000))).to.equal(undefined)
  })

  it('reads its alias from tap.js, tap.json, tap.config.js, app.json and package.json, in this order', async () => {
    const names = ['package.json', 'app.json', 'tap.config.js', 'tap.json', 'tap.js']
    for (const name of names) {
      const content = `{"keg": {"alias": "${name}"}}`
      const files = await read({Dockerfile: '', [name]: name.endsWith('.js') ? `module.exports = ${content}` : content})
      expect(files.alias).to.equal(name)
    }
  })

  it('shows its path by the simplest of its values', async () => {
    const own = async (...lines: string[]): Promise<string[]> => [
      ...(await read({Dockerfile: '', 'container/values.yml': `env:\n${lines.map((line) => `  ${line}\n`).join('')}`}))
        .ownAliases,
    ]
    expect(await own('KEG_DOCKER_FILE: "{{ cli.taps.mine.path }}/Dockerfile"')).to.deep.equal(['mine'])
    expect(
      await own(
        'KEG_CONTEXT_PATH: "{{cli.taps.mine.path}}"',
        'KEG_DOCKER_FILE: "{{ cli.taps.other.path }}/Dockerfile"',
      ),
    ).to.deep.equal(['mine'])
    expect(await own('KEG_COMPOSE_DEFAULT: "{{ cli.taps.other.path }}/compose.yml"')).to.deep.equal([])
    expect(await own('KEG_CONTEXT_PATH: /somewhere')).to.deep.equal([])
  })

  describe('with errors', () => {
    const compose = 'container/docker-compose.yml'
    const values = 'container/values.yml'
    const mutagen = 'container/mutagen.yml'
    const wrong: [file: string, text: string, place: string, message: RegExp][] = [
      [values, 'env:\n  A: [1]\n', '2:6 error', /A must be a string, a number/],
      [values, 'env:\n  A: {b: c}\n', '2:6 error', /A must be a string, a number/],
      [values, 'env:\n  - A=1\n', '2:3 error', /env must be a map/],
      [values, '- env\n', '1:1 error', /this file must be a map/],
      [values, 'just text\n', '1:1 error', /this file must be a map/],
      [values, 'envs:\n  A: 1\n', '1:1 warning', /no key "envs".*Did you mean env\?/],
      [values, 'env:\n  A: 1\n  A: 2\n', '3:3 error', /twice/],
      [values, 'env:\n  A B: 1\n', '2:3 error', /not a name for a value/],
      [values, 'env:\n  ? [a]\n  : 1\n', '2:5 error', /key must be a string/],
      [values, 'env:\n  A: "secret\n', '3:1 error', /missing/],
      [values, 'env:\n\tA: 1\n', '2:1 error', /tab|YAML/],
      [values, 'env:\n  A: 1\n B: secret\n', '3:1 error', /YAML|indentation/],
      [values, 'env: {A: 1}\n---\nenv: {B: 1}\n', '2:1 error', /second document/],
      [values, 'env:\n  A: *nothing\n', '2:6 error', /anchor/],
      [values, 'env:\n  A: &a\n    <<: *a\n', '3:5 error', /nested too deeply/],
      [values, 'actions:\n  tap:\n    build: {cmds: []}\n', '3:5 error', /tap:build has no command/],
      [values, 'actions:\n  tap:\n    build:\n', '3:5 error', /tap:build has no command/],
      [values, 'actions:\n  tap:\n    build: {cmds: [{a: b}]}\n', '3:20 error', /list of strings/],
      [values, 'actions: [a]\n', '1:10 error', /actions must be a map/],
      [values, 'actions:\n  tap:\n    a:b: {cmds: [c]}\n', '3:5 error', /name of an action cannot/],
      [values, 'actions:\n  tap:\n    a: {cmds: [c], detatch: true}\n', '3:20 warning', /detatch.*Did you mean detach/],
      [values, 'actions:\n  tap:\n    a: {cmds: [c], detach: later}\n', '3:28 error', /detach must be yes or no/],
      [mutagen, 'sync:\n  shop: {mode: one-way-replika}\n', '2:16 error', /unknown mode.*Did you mean one-way-replica/],
      [mutagen, 'synk: {}\n', '1:1 warning', /no key "synk".*Did you mean sync/],
      [mutagen, 'sync:\n  shop: {ignore: {path: [a]}}\n', '2:19 warning', /no key "path".*Did you mean paths/],
      [mutagen, 'sync:\n  shop: {watch: {mode: no-watch}}\n', '2:10 warning', /keg sets watch itself/],
      [mutagen, 'sync:\n  shop: {defaultFileMode: rw}\n', '2:27 error', /not a mode/],
      [mutagen, 'sync: on\n', '1:7 error', /sync must be a map/],
      [compose, 'version: "3"\n', '1:1 error', /no service/],
      [compose, '', '1:1 error', /no service/],
      [compose, 'services:\n', '1:10 error', /no service/],
      [compose, 'services: {}\n', '1:11 error', /no service/],
      [compose, 'services: [shop]\n', '1:11 error', /services must be a map/],
      [compose, 'services:\n  shop: busybox\n', '2:9 error', /shop must be a map/],
      [compose, 'services: "secret\n', '2:1 error', /missing/],
      ['package.json', '{"keg": secret', '1:1 warning', /not valid JSON/],
    ]
    for (const [file, text, place, message] of wrong)
      it(`${file} with ${JSON.stringify(text)}: ${place}`, async () => {
        const {problems} = await read({Dockerfile: '', [file]: text})
        expect(problems, JSON.stringify(problems)).to.have.length(1)
        const [{column, hint, line, message: said, severity, file: where}] = problems as [(typeof problems)[number]]
        expect(`${line}:${column} ${severity}`).to.equal(place)
        expect(where).to.equal(join(folder, file))
        expect(`${said} ${hint}`)
          .to.match(message)
          .and.not.match(/secret/)
        expect(hint).to.match(/\.$|\?$|\}$|"$|\]$|value$|name$|\d$/)
      })

    it('has nothing to run', async () => {
      const {problems} = await read({'container/mutagen.yml': ''})
      expect(problems.map(({message}) => message))
        .to.have.length(1)
        .and.match(/nothing to run/)
      expect((await read({[values]: 'env: {KEG_IMAGE_FROM: shop}\n'})).problems).to.deep.equal([])
    })

    it('has files that cannot be read: folders, binary files, and files that are too large', async () => {
      await mkdir(join(folder, 'container/values.yml'), {recursive: true})
      const files = await read({
        Dockerfile: '',
        '.env': new Uint8Array([0xff, 0xfe, 0x00]),
        [mutagen]: `#${'x'.repeat(1_000_001)}`,
      })
      expect(files.problems.map(({file, message}) => [file.slice(folder.length), message])).to.deep.equal([
        ['/.env', 'it is not valid UTF-8.'],
        ['/container/mutagen.yml', 'it has 1 MB, and at most 1 MB are read.'],
        ['/container/values.yml', 'this is a folder, and a file is expected here.'],
      ])
    })

    it('has aliases that would fill the memory, or levels that would fill the stack', async () => {
      const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]']
      for (let level = 1; level < 20; level++) {
        const [above, here] = [level - 1, level].map((each) => String.fromCharCode(97 + each))
        bomb.push(`${here}: &${here} [${Array(9).fill(`*${above}`).join(', ')}]`)
      }
      const {problems} = await read({Dockerfile: '', [values]: bomb.join('\n'), [mutagen]: '['.repeat(10_000)})
      const errors = problems.filter(({severity}) => severity === 'error')
      expect(errors.map(({file}) => file.slice(folder.length))).to.have.members([`/${values}`, `/${mutagen}`])
    })

    it('has two files of a kind, and reads one', async () => {
      const {composeFile, problems} = await read({
        'container/compose.yaml': 'services: {a: {}}\n',
        [compose]: 'services: {b: {}}\n',
      })
      expect(composeFile).to.equal(join(folder, 'container/compose.yaml'))
      expect(problems).to.have.length(1)
      expect(problems[0]).to.include({file: join(folder, compose), severity: 'warning'})
    })

    it('reports all errors at once, without warnings', async () => {
      const files = await read({Dockerfile: '', [values]: 'enf: 1\nenv: {A: [1], B: [2]}\n'})
      let error: unknown
      try {
        refuseProblems(files)
      } catch (caught) {
        error = caught
      }
      expect(error).to.be.instanceOf(FailedError).with.property('code', 'tap-invalid')
      const {message} = error as FailedError
      expect(message.split('\n')).to.have.length(3)
      expect(message).to.include(`${join(folder, values)}:2:10: error: A must be`)
      refuseProblems(await read({[values]: 'enf: 1\n'}))
    })

    for (const [what, path] of [
      ['is gone', 'nowhere'],
      ['is a file', 'file'],
    ] as const)
      it(`is refused: it ${what}`, async () => {
        await write({file: ''})
        const error = await thrown(readTapFolder(join(folder, path), 'local'))
        expect(error).to.be.instanceOf(FailedError).with.property('code', 'tap-folder-unreadable')
        expect(error).to.have.property('hint').that.includes('keg tap list')
        const linked = await thrown(readTapFolder(join(folder, path), 'local', 'shop'))
        expect(linked).to.have.property('hint').that.includes('keg tap link PATH --name shop')
      })
  })
})
