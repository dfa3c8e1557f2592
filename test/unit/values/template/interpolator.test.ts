import {expect} from 'chai'
import {mkdirSync} from 'node:fs'
import {join} from 'node:path'
import {UsageError} from '../../../../src/lib/error/keg-error.js'
import type {Values} from '../../../../src/lib/values/values.js'
import {LinkedTap} from '../linked-tap.js'

describe('templates in values', () => {
  let tap: LinkedTap
  let file: string
  beforeEach(() => {
    tap = new LinkedTap()
    file = join(tap.folder, 'container/values.yml')
  })
  afterEach(() => tap.remove())

  const resolve = async (env: string, environment: NodeJS.ProcessEnv = {}): Promise<Values> => {
    tap.values(env)
    return (await tap.open({environment: {...tap.environment, ...environment}})).values
  }
  const refused = (work: () => unknown): UsageError => {
    try {
      work()
    } catch (error) {
      if (error instanceof UsageError && error.code === 'value-template') return error
      throw error
    }
    throw new Error('Nothing was thrown.')
  }

  it("refer to this folder by the tap’s own names, and to another by its link's name", async () => {
    mkdirSync(join(tap.home, 'core'))
    tap.configure(`paths:\n  kit: ${tap.home}/kit`, `  core:\n    path: ${tap.home}/core\n`)
    tap.write('shop/tap.json', '{"keg": {"alias": "evf"}}')
    const values = await resolve(
      [
        'KEG_CONTEXT_PATH: "{{ cli.taps.old.path }}"',
        'A: "{{ cli.taps.shop.path }}"',
        'B: "{{cli.taps.evf.path}}/container"',
        'C: "{{ cli.taps.old.path }}"',
        'D: "{{ cli.taps.core.path }}"',
        'E: "{{ cli.paths.kit }}"',
        'F: "{{ cli.taps.links.evf }}"',
      ].join('\n'),
    )
    expect(['A', 'B', 'C', 'D', 'E', 'F'].map((name) => values.text(name))).to.deep.equal([
      tap.folder,
      join(tap.folder, 'container'),
      tap.folder,
      join(tap.home, 'core'),
      join(tap.home, 'kit'),
      tap.folder,
    ])
    expect(values.warnings).to.deep.equal([])
  })

  it("refer to this folder by an alias that is also another link's name", async () => {
    tap.configure('', `  evf:\n    path: ${tap.home}/evf\n`)
    tap.write('shop/tap.json', '{"keg": {"alias": "evf"}}')
    expect((await resolve('A: "{{ cli.taps.evf.path }}"')).text('A')).to.equal(tap.folder)
  })

  it('support the names of the old configuration that still exist', async () => {
    tap.configure('registry: ghcr.io:443/acme\ndefaultTag: main\nenvironment: staging')
    const values = await resolve(
      [
        'A: "{{ docker.providerUrl }}/{{ docker.namespace }}/shop:{{ cli.settings.docker.defaultTag }}"',
        'B: "{{ cli.settings.defaultEnv }}"',
      ].join('\n'),
    )
    expect(values.text('A')).to.equal('ghcr.io:443/acme/shop:main')
    expect(values.text('B')).to.equal('staging')
  })

  it('read other values after they are resolved, and else the environment', async () => {
    const values = await resolve(
      [
        'A: "{{ envs.KEG_PROXY_PORT }} {{ envs.MINE }} {{ envs.LATER }}"',
        'LATER: "{{ envs.KEG_DOCKER_FILE }}"',
        'KEG_DOCKER_FILE: docker/Dockerfile',
      ].join('\n'),
      {KEG_PROXY_PORT: '1234', MINE: 'of the shell', LATER: 'hidden'},
    )
    expect(values.text('A')).to.equal(`1234 of the shell ${join(tap.folder, 'docker/Dockerfile')}`)
  })

  it('refer to the overridden value in the value itself', async () => {
    tap.values('KEG_EXEC_CMD: "{{ envs.KEG_EXEC_CMD }} --watch"', 'values-local.yml')
    const values = await resolve('KEG_EXEC_CMD: start\nGIT_KEY: "{{ envs.GIT_KEY }}"', {GIT_KEY: 'of-the-shell'})
    expect(values.text('KEG_EXEC_CMD')).to.equal('start --watch')
    expect(values.text('GIT_KEY')).to.equal('of-the-shell')
    const error = refused(() => (values.text('KEG_EXEC_CMD'), values.expand('{{ envs.NOBODY }}', 'here')))
    expect(error.message).to.equal('here: {{ envs.NOBODY }} is not defined.')
  })

  it('are expanded in every file, but not in the shell and in flags', async () => {
    tap.configure('env:\n  KEG_A: "{{ envs.MINE }}"')
    tap.write('shop/.env', 'KEG_B="{{ envs.MINE }}"\n')
    tap.override('KEG_C: "{{ envs.MINE }}"')
    const values = await resolve('{}', {MINE: 'x', KEG_D: '{{ envs.MINE }}'})
    expect(values.asEnvironment()).to.include({KEG_A: 'x', KEG_B: 'x', KEG_C: 'x', KEG_D: '{{ envs.MINE }}'})
    const flags = new Map([['KEG_EXEC_CMD', {text: "docker ps --format '{{.ID}}'", flag: '--command'}]])
    const {values: said} = await tap.open({flags})
    expect(said.text('KEG_EXEC_CMD')).to.equal("docker ps --format '{{.ID}}'")
  })

  it('with an unknown name are an error if the value is used, with its position and a suggestion', async () => {
    tap.configure('', `  core:\n    path: ${tap.home}\n`)
    const values = await resolve(
      [
        'KEG_PROXY_PORT: 80',
        'A: "{{ cli.taps.cor.path }}/x"',
        'B: "{{ KEG_PROXY_PORT }}"',
        'C: "{{ env.KEG_PROXY_PORT }}"',
        'D: "{{ docker.namespace }}"',
        'E: "{{ cli.paths.kit }}"',
        'F: "a {{ envs.KEG_PROXY_PORT"',
        'G: "{{ constructor }}{{ __proto__ }}"',
      ].join('\n'),
    )
    expect(values.text('KEG_PROXY_PORT')).to.equal('80')
    const expected: readonly [string, string, RegExp][] = [
      ['A', `${file}:3: {{ cli.taps.cor.path }} is not defined.`, /^Did you mean \{\{ cli\.taps\.core\.path \}\}\?/],
      ['B', `${file}:4: {{ KEG_PROXY_PORT }} is not defined.`, /^Did you mean \{\{ envs\.KEG_PROXY_PORT \}\}\?/],
      ['C', `${file}:5: {{ env.KEG_PROXY_PORT }} is not defined.`, /^Did you mean \{\{ envs\.KEG_PROXY_PORT \}\}\?/],
      ['D', `${file}:6: {{ docker.namespace }} is not defined.`, /keg config set registry/],
      ['E', `${file}:7: {{ cli.paths.kit }} is not defined.`, /keg config set paths\.kit PATH/],
      ['F', `${file}:8: {{ envs.KEG_PROXY_PORT is never closed.`, /^Close it/],
      ['G', `${file}:9: {{ constructor }} is not defined.`, /\{\{ '\{\{' \}\}/],
    ]
    for (const [name, message, hint] of expected) {
      const error = refused(() => values.text(name))
      expect(error.message).to.equal(message)
      expect(error.hint, name).to.match(hint)
      expect(values.explain().find((each) => each.name === name)).to.deep.include({value: undefined, problem: message})
    }
    expect(values.asEnvironment()).to.not.have.any.keys('A', 'B', 'C', 'D', 'E', 'F', 'G')
  })

  it('that are circular are an error with the chain and all positions', async () => {
    const values = await resolve('A: "{{ envs.B }}"\nB: "{{ envs.C }}"\nC: "x{{ envs.A }}"\nD: "{{ envs.D }}"')
    const error = refused(() => values.text('A'))
    expect(error.message).to.equal(`${file}:2: A refers to itself: A -> B -> C -> A`)
    expect(error.hint).to.equal(`Write one of them without a template. They stand in ${file}:2, ${file}:3, ${file}:4.`)
    expect(refused(() => values.text('C')).data).to.deep.equal({place: `${file}:4`, chain: ['C', 'A', 'B', 'C']})
    expect(refused(() => values.text('D')).message).to.equal(`${file}:5: D refers to itself: D -> D`)
  })

  it('cannot grow without limit, or nest deeper than the stack', async () => {
    const doubling = Array.from(
      {length: 40},
      (_, index) => `A${index}: "{{ envs.A${index + 1} }}{{ envs.A${index + 1} }}"`,
    )
    const values = await resolve([...doubling, 'A40: xxxxxxxx'].join('\n'))
    expect(refused(() => values.text('A0')).message).to.match(/more than 131072 characters/)
    const nested = Array.from({length: 200}, (_, index) => `A${index}: "{{ envs.A${index + 1} }}"`)
    const deep = await resolve([...nested, 'A200: x'].join('\n'))
    expect(refused(() => deep.text('A0')).message).to.match(/refers to too many others/)
    expect(deep.text('A160')).to.equal('x')
  })

  it('of other programs are an error only in their action', async () => {
    const values = await resolve('DOC_APP_PATH: /srv')
    expect(values.expand('cp {{ envs.DOC_APP_PATH }}/a /b', 'values.yml:9')).to.equal('cp /srv/a /b')
    const error = refused(() => values.expand("docker ps --format '{{.Names}}'", 'values.yml:9'))
    expect(error.message).to.equal('values.yml:9: {{ .Names }} is not defined.')
    expect(error.hint).to.match(/Braces of another program are written \{\{ '\{\{' \}\}\./)
    expect(values.expand(`docker ps --format '{{ "{{" }}.Names}}'`, 'values.yml:9')).to.equal(
      "docker ps --format '{{.Names}}'",
    )
  })

  it('with a secret make the value a secret, and errors print none of its text', async () => {
    const values = await resolve(
      [
        'GIT_KEY: sekret-1',
        'A: "x{{ envs.GIT_KEY }}"',
        'B: "{{ envs.A }}"',
        'C: "{{ envs.SHELL_TOKEN }}"',
        'D: "sekret-3 {{ nothing }}"',
        'KEG_PROXY_PORT: "{{ envs.GIT_KEY }}"',
        'E: open',
      ].join('\n'),
      {SHELL_TOKEN: 'sekret-2'},
    )
    const secret = values.explain().flatMap(({isSecret, name}) => (isSecret ? [name] : []))
    expect(secret).to.deep.equal(['A', 'B', 'C', 'GIT_KEY', 'KEG_PROXY_PORT'])
    const said = values.explain().map(({problem}) => problem ?? '')
    expect(said.join('\n')).to.include('KEG_PROXY_PORT is not a port.').and.not.include('sekret')
    const {hint, message} = refused(() => values.text('D'))
    expect(`${message}${hint ?? ''}`).to.not.include('sekret')
    expect(values.text('B')).to.equal('xsekret-1')
  })
})
