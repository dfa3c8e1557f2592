import {expect} from 'chai'
import {columnsOf} from '../../../../src/lib/terminal/columns.js'
import {mkdirSync} from 'node:fs'
import {join} from 'node:path'
import {readTapValues, type TapValuesOptions} from '../../../../src/lib/tap/values/tap-values.js'
import {explanationText, valuesText, valueText} from '../../../../src/lib/tap/values/values-text.js'
import {thrown} from '../../../support/thrown.js'
import {LinkedTap} from '../../values/linked-tap.js'
import type {Work} from '../../../../src/lib/work/work.js'
import {call} from '../../../support/work.js'

describe('readTapValues', () => {
  let tap: LinkedTap
  let file: string
  beforeEach(() => {
    tap = new LinkedTap()
    file = join(tap.folder, 'container/values.yml')
  })
  afterEach(() => tap.remove())

  const read = (words: readonly string[], options: Partial<TapValuesOptions & Work> = {}) =>
    call(readTapValues, {words, explain: false, folder: tap.home, environment: tap.environment, ...options})
  const names = ({values}: Awaited<ReturnType<typeof read>>) => values.map(({name}) => name)

  it('returns the values of the named tap, or of the folder’s', async () => {
    tap.values('VERSION: 1.0')
    mkdirSync(join(tap.folder, 'source'))
    for (const asked of [read(['shop']), read([], {folder: join(tap.folder, 'source')})]) {
      const result = await asked
      expect(result).to.deep.include({tap: 'shop', folder: tap.folder, environment: 'local', key: null, warnings: []})
      expect(names(result)).to.include.members(['KEG_CONTEXT_PATH', 'VERSION'])
      expect(names(result)).to.deep.equal(names(result).toSorted())
    }
  })

  it('returns the user’s values outside of a tap', async () => {
    tap.configure('env:\n  KEG_PROXY_HOST: local.acme.dev')
    const result = await read([])
    expect(result).to.include({tap: null, folder: null})
    expect(result.values.find(({name}) => name === 'KEG_PROXY_HOST')).to.include({value: 'local.acme.dev'})
    expect(names(result)).to.not.include('KEG_CONTEXT_PATH')
    expect((await read(['KEG_PROXY_HOST'])).values).to.have.length(1)
  })

  it('returns a single value by name, in a tap’s folder without the tap’s name', async () => {
    tap.values('KEG_PROXY_PORT: 8080\nkey: lower')
    const one = await read(['shop', 'KEG_PROXY_PORT'], {environment: {...tap.environment, KEG_PROXY_PORT: '1'}})
    expect(one.values).to.deep.equal([
      {
        name: 'KEG_PROXY_PORT',
        value: '1',
        secret: false,
        origin: {kind: 'environment', place: 'KEG_PROXY_PORT'},
        hides: [{value: '8080', origin: {kind: 'values', place: `${file}:2`}}],
        meaning: 'Port in the container that the app listens on.',
        problem: null,
        otherwise: null,
      },
    ])
    expect(one.key).to.equal('KEG_PROXY_PORT')
    expect(names(await read(['KEG_PROXY_PORT'], {folder: tap.folder}))).to.deep.equal(['KEG_PROXY_PORT'])
    expect(names(await read(['key'], {folder: tap.folder}))).to.deep.equal(['key'])
  })

  it('refuses an unknown name, and suggests a value or a tap', async () => {
    expect(await thrown(read(['shop', 'KEG_PROXY_PRT']))).to.include({
      code: 'value-unknown',
      exitCode: 2,
      message: 'There is no value KEG_PROXY_PRT.',
      hint: 'Did you mean KEG_PROXY_PORT? List all values with: keg tap env',
    })
    expect(await thrown(read(['KEG_PROXY_PRT'], {folder: tap.folder}))).to.include({code: 'value-unknown'})
    expect(await thrown(read(['shp']))).to.include({code: 'tap-unknown'})
    expect(await thrown(read(['shp', 'KEG_PROXY_PORT'], {folder: tap.folder}))).to.include({code: 'tap-unknown'})
  })

  it('reports a value that is not set, but explains it', async () => {
    for (const words of [['shop', 'KEG_PROXY_PORT'], ['KEG_PROXY_PORT']])
      expect(await thrown(read(words))).to.include({code: 'value-missing', exitCode: 1})
    tap.values('KEG_EXEC_CMD: ""')
    expect(await thrown(read(['shop', 'KEG_EXEC_CMD']))).to.include({code: 'value-missing'})
    const {values} = await read(['shop', 'KEG_PROXY_PORT'], {explain: true})
    expect(explanationText(values, undefined)).to.equal(
      [
        'KEG_PROXY_PORT',
        '  is not set; the default is: what the compose file or the image exposes',
        '  Port in the container that the app listens on.',
      ].join('\n'),
    )
  })

  it('fails for an invalid value alone, leaves it out of the lines, and explains it', async () => {
    tap.values('KEG_PROXY_PORT: x\nA: "{{ nothing }}"\nB: fine')
    expect(await thrown(read(['shop', 'KEG_PROXY_PORT']))).to.include({code: 'value-invalid'})
    expect(await thrown(read(['shop', 'A']))).to.include({code: 'value-template'})
    const {values} = await read(['shop'])
    expect(valuesText(values).split('\n')).to.include('B=fine').and.not.include('A=')
    expect(valuesText(values)).to.not.match(/^(?:A|KEG_PROXY_PORT)=/m)
    const explained = await read(['shop', 'KEG_PROXY_PORT'], {explain: true})
    expect(explanationText(explained.values, undefined)).to.equal(
      [
        'KEG_PROXY_PORT=x',
        `  from ${file}:2`,
        `  cannot be used: ${file}:2: KEG_PROXY_PORT "x" is not a port.`,
        '  Port in the container that the app listens on.',
      ].join('\n'),
    )
  })

  it('explains values with what they override', async () => {
    tap.configure('env:\n  KEG_PROXY_HOST: "acme dev"')
    tap.values('KEG_PROXY_HOST: of.the.tap\nMINE: x\nKEG_IMGE: x')
    const {values} = await read(['shop'], {explain: true})
    for (const line of explanationText(values, 40).split('\n'))
      if (line.startsWith(' ') && line.trim().includes(' ')) expect(columnsOf(line), line).to.be.at.most(40)
    const text = explanationText(values, undefined)
    expect(text).to.include(
      [
        'KEG_PROXY_HOST=of.the.tap',
        `  from ${file}:2`,
        `  overrides 'acme dev' from ${join(tap.home, '.config/keg/config.yml')}:6`,
        "  overrides localhost from keg's own default",
        '  Domain of the proxy: containers are served at <tap>-<branch>.<domain>.',
      ].join('\n'),
    )
    expect(text).to.include(`MINE=x\n  from ${file}:3\n  A value of the tap itself.`)
    expect(text).to.include(`KEG_IMGE=x\n  from ${file}:4\n  Not known to keg.`)
  })

  it('prints lines that a shell reads back unchanged', async () => {
    const {execFileSync} = await import('node:child_process')
    const text = `it's "$(here)" \`x\` \\ * two\\nlines`
    tap.values(`A: ${JSON.stringify(text)}`)
    const lines = valuesText((await read(['shop'])).values)
    const printed = execFileSync('sh', ['-c', `${lines}\nprintf %s "$A"`], {encoding: 'utf8'})
    expect(printed).to.equal(text)
  })

  it('never prints a secret: its text, what it hides, what it is made of, or what it is filled into', async () => {
    tap.configure('env:\n  KEG_TOKEN: sekret-0')
    tap.write('shop/.env', 'KEG_TOKEN=sekret-1\n')
    tap.override('DOC_PASSWORD: sekret-2')
    tap.values(
      [
        'GIT_KEY: "sekret-3"',
        'PUBLIC_GIT_KEY: "{{ envs.OF_SHELL_SECRET }}"',
        'GIT_APP_URL: "https://{{ envs.GIT_KEY }}@github.com/acme/shop"',
        'GIT_TAP_URL: https://sekret-5@github.com/acme/shop',
        'KEG_PROXY_PORT: "{{ envs.GIT_KEY }}"',
        'KEG_AUTO_SYNC: "{{ envs.KEG_TOKEN }}"',
        'MY_KEY: "sekret-6 {{ nothing }}"',
        'KEG_CONTEXT_PATH: /{{ envs.GIT_KEY }}',
      ].join('\n'),
    )
    const environment = {...tap.environment, OF_SHELL_SECRET: 'sekret-4', KEG_TOKEN: 'sekret-7'}
    const flags = {environment, explain: true}
    const all = await read(['shop'], flags)
    const shown = [JSON.stringify(all), valuesText(all.values), explanationText(all.values, undefined)]
    for (const {name} of all.values) {
      const one = await read(['shop', name], flags)
      shown.push(JSON.stringify(one), one.values.map(valueText).join('\n'))
      const error: unknown = await read(['shop', name], {environment}).catch((problem: unknown) => problem)
      if (error instanceof Error) shown.push(error.message, JSON.stringify(error))
    }
    expect(shown.join('\n')).to.include('GIT_KEY').and.not.include('sekret')
    const secrets = all.values.flatMap(({name, secret}) => (secret ? [name] : []))
    expect(secrets).to.include.members(['DOC_PASSWORD', 'GIT_APP_URL', 'GIT_KEY', 'GIT_TAP_URL', 'KEG_TOKEN', 'MY_KEY'])
    expect(valuesText(all.values)).to.match(/^# GIT_KEY=\*\*\*$/m)
    const {values, warnings} = await read(['shop', 'GIT_KEY'])
    expect(values.map(valueText)).to.deep.equal(['***'])
    expect(warnings).to.deep.equal(['GIT_KEY is a secret: it is not shown.'])
  })
})
