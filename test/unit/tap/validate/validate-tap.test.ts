import {expect} from 'chai'
import {mkdir, mkdtemp, realpath, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {exitCodeOf, validateTap, type TapReport} from '../../../../src/lib/tap/validate/validate-tap.js'
import {problemPlaces, validateText} from '../../../../src/lib/tap/validate/validate-text.js'
import {thrown} from '../../../support/thrown.js'
import {writeFiles} from '../../../support/tree.js'
import {herkin, retheme, shop} from '../../tap-folder/real-shapes.js'
import {call} from '../../../support/work.js'

const repository = join(import.meta.dirname, '../../../..')

describe('validateTap', () => {
  let home: string
  let environment: NodeJS.ProcessEnv
  const at = (path: string): string => join(home, path)
  const validate = (target?: string, more: {folder?: string; environmentName?: string} = {}): Promise<TapReport> =>
    call(validateTap, {target, folder: home, environment, environmentName: undefined, ...more})
  const configure = async (text: string): Promise<void> => {
    await mkdir(at('config/keg'), {recursive: true})
    await writeFile(at('config/keg/config.yml'), text)
  }
  /** As `file:line severity message`. */
  const lines = ({problems}: TapReport): string[] =>
    problems.map(({file, line, message, severity}) => `${file.slice(home.length + 1)}:${line} ${severity} ${message}`)

  beforeEach(async () => {
    home = await realpath(await mkdtemp(join(tmpdir(), 'keg-validate-')))
    environment = {HOME: home, XDG_CONFIG_HOME: at('config')}
  })
  afterEach(() => rm(home, {recursive: true, force: true}))

  it("finds no problem in keg's own example", async () => {
    const report = await validate(join(repository, 'examples/guestbook'))
    expect(report).to.include({name: 'guestbook', errors: 0, warnings: 0})
  })

  it("accepts real teams' taps, linked under any name or not at all", async () => {
    await writeFiles(at('shop'), shop)
    await writeFiles(at('retheme'), retheme)
    await writeFiles(at('herkin'), herkin)
    await configure(`taps:\n  store: {path: ${at('shop')}}\n`)
    expect(await validate('store')).to.include({name: 'store', folder: at('shop'), errors: 0})
    expect(lines(await validate('shop'))).to.deep.equal([
      // A folder whose path differs on each machine.
      'shop/container/values.yml:16 warning {{ cli.paths.cli }} is not defined.',
    ])
    for (const target of ['retheme', 'herkin', `~/herkin`, at('herkin')])
      expect(await validate(target), target).to.include({errors: 0})
    expect(await validate('herkin')).to.deep.include({name: 'herkin', environments: ['local', 'qa']})
  })

  it('checks the tap of the current folder, or the folder itself', async () => {
    await writeFiles(at('shop'), shop)
    expect(await validate(undefined, {folder: at('shop')})).to.include({name: 'shop', folder: at('shop')})
    expect(await thrown(validate())).to.include({code: 'tap-missing'})
    await configure(`taps:\n  store: {path: ${at('shop')}}\n`)
    expect(await validate(undefined, {folder: at('shop/container')})).to.include({name: 'store', folder: at('shop')})
    expect(await thrown(validate('stor'))).to.include({code: 'tap-unknown'})
    expect(await thrown(validate('./stor'))).to.include({code: 'tap-path-missing'})
    expect(await thrown(validate('config'))).to.include({code: 'tap-container-missing'})
  })

  it('finds undefined or circular templates, values of the wrong type, and unknown names', async () => {
    await writeFiles(at('shop'), {
      Dockerfile: 'FROM busybox\n',
      'container/values.yml': [
        'env:',
        '  KEG_BASE_IMAGE: "{{ envs.NOBODY_SAYS }}"',
        '  KEG_IMAGE_FROM: "{{ envs.IMAGE }}"',
        '  IMAGE: "{{ envs.KEG_IMAGE_FROM }}"',
        '  KEG_USE_PROXY: maybe',
        '  KEG_PROXY_PROT: 80',
        '  DEPENDENCY_PATH: "{{ cli.paths.dependency }}"',
        'actions:',
        '  tap:',
        '    build: {cmds: ["ls {{ envs.NOBODY_SAYS }}"]}',
      ].join('\n'),
      '.env': 'KEG_PROXY_PORT=0\n',
    })
    const report = await validate('shop')
    const found = lines(report)
    const expected = [
      /^shop\/\.env:1 error KEG_PROXY_PORT "0" is not a port/,
      /^shop\/container\/values\.yml:2 error \{\{ envs\.NOBODY_SAYS \}\} is not defined/,
      /^shop\/container\/values\.yml:3 error .*refers to itself.*KEG_IMAGE_FROM -> IMAGE -> KEG_IMAGE_FROM/,
      /^shop\/container\/values\.yml:4 error .*refers to itself/,
      /^shop\/container\/values\.yml:5 error KEG_USE_PROXY .*neither yes nor no/,
      /^shop\/container\/values\.yml:6 warning There is no value KEG_PROXY_PROT\. Did you mean KEG_PROXY_PORT\?$/,
      /^shop\/container\/values\.yml:7 warning \{\{ cli\.paths\.dependency \}\} is not defined/,
      /^shop\/container\/values\.yml:10 error \{\{ envs\.NOBODY_SAYS \}\} is not defined/,
    ]
    expect(found, found.join('\n')).to.have.length(expected.length)
    for (const [index, pattern] of expected.entries()) expect(found[index]).to.match(pattern)
    expect(report).to.include({errors: 6, warnings: 2})
  })

  it("ignores the shell and the user's settings, which are not the tap's", async () => {
    await writeFiles(at('shop'), {Dockerfile: '', 'container/values.yml': 'env: {KEG_USE_PROXY: true}\n'})
    await configure('env: {KEG_IMAGE_PULL_POLICY: sometimes}\n')
    environment = {...environment, KEG_USE_PROXY: 'maybe', KEG_UNKNOWN_NAME: '1'}
    expect(lines(await validate('shop'))).to.deep.equal([])
  })

  it('checks each environment, or the given one', async () => {
    await writeFiles(at('shop'), {
      Dockerfile: '',
      'container/values.yml': 'env: {KEG_PROXY_HOST: "{{ envs.ONLY_IN_CI }}"}\n',
      'container/values-ci.yml': 'env: {ONLY_IN_CI: example.org, KEG_PROXY_PORT: none}\n',
    })
    expect(lines(await validate('shop', {environmentName: 'qa'}))).to.deep.equal([
      'shop/container/values.yml:1 error {{ envs.ONLY_IN_CI }} is not defined.',
    ])
    expect(lines(await validate('shop', {environmentName: 'ci'}))).to.deep.equal([
      'shop/container/values-ci.yml:1 error KEG_PROXY_PORT "none" is not a port.',
    ])
    const report = await validate('shop')
    expect(report.environments).to.deep.equal(['local', 'ci'])
    expect(report.problems).to.have.length(2)
  })

  it('warns about tasks, which no longer run, and about files with names that keg does not read', async () => {
    await writeFiles(at('shop'), {
      Dockerfile: '',
      'tasks/index.js': '',
      'container/values.local.yml': '',
      'container/mutagne.yml': '',
      'container/docker-compose-qa.yml': '',
      'container/other.yml': '',
    })
    const report = await validate('shop')
    expect(report.problems.map(({file, hint}) => [file.slice(at('shop/').length), hint])).to.deep.equal([
      ['container/mutagne.yml', 'Did you mean mutagen.yml?'],
      ['container/values.local.yml', 'Did you mean values-local.yml?'],
      ['tasks/index.js', 'Write a plugin, or actions in values.yml.'],
    ])
  })

  it('prints problems like a compiler, with an exit code', async () => {
    await writeFiles(at('shop'), {Dockerfile: '', 'container/values.yml': 'enf: 1\nenv: {A: [1]}\n'})
    const report = await validate('shop')
    expect(validateText(report, home).split('\n')).to.deep.equal([
      'shop/container/values.yml:1:1: warning: a file of values has no key "enf", so it is ignored. Did you mean env?',
      'shop/container/values.yml:2:10: error: A must be a string, a number, or yes or no. Put a string in quotes: "text"',
      `shop (${at('shop')}): 1 error, 1 warning`,
    ])
    expect(problemPlaces(report, at('elsewhere'))).to.equal(
      `${at('shop/container/values.yml')}:1:1\n${at('shop/container/values.yml')}:2:10`,
    )
    const codes = [{errors: 1}, {warnings: 1}, {}].map((counts) => {
      const counted = {...report, errors: 0, warnings: 0, ...counts}
      return [exitCodeOf(counted, false), exitCodeOf(counted, true)]
    })
    expect(codes).to.deep.equal([
      [1, 1],
      [0, 1],
      [0, 0],
    ])
  })
})
