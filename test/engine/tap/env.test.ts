import {expect} from 'chai'
import {mkdtemp, realpath, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {keg, type KegResult} from '../../support/keg.js'
import {writeFiles} from '../../support/tree.js'

describe('keg tap env @containerd', function () {
  this.timeout(120_000)
  let home: string
  let values: string
  before(async () => {
    home = await realpath(await mkdtemp(join(tmpdir(), 'keg-env-')))
    values = join(home, 'shop/container/values.yml')
    await writeFiles(home, {
      'config/keg/config.yml': `registry: ghcr.io/acme\ntaps:\n  shop:\n    path: ${home}/shop\n`,
      'shop/container/Dockerfile': 'FROM scratch\n',
      'shop/container/values.yml': [
        'env:',
        '  KEG_IMAGE_FROM: "{{ docker.providerUrl }}/{{ docker.namespace }}/shop:develop"',
        '  KEG_EXEC_CMD: say "it"',
        '  KEG_IMGE_TAG: x',
        '  GIT_KEY: sekret',
        '  MINE: "{{ cli.taps.other.path }}"',
        '',
      ].join('\n'),
    })
  })
  after(() => rm(home, {force: true, recursive: true}))

  const run = (words: readonly string[], env: Record<string, string> = {}): Promise<KegResult> =>
    keg(['tap', 'env', ...words], {
      cwd: home,
      env: {XDG_CONFIG_HOME: join(home, 'config'), XDG_STATE_HOME: join(home, 'state'), ...env},
    })

  it('prints lines for a shell, and reports problems beside them', async () => {
    const {code, stderr, stdout} = await run(['shop'])
    expect(code).to.equal(0)
    const lines = stdout.trimEnd().split('\n')
    expect(lines).to.include.members([
      'KEG_IMAGE_FROM=ghcr.io/acme/shop:develop',
      `KEG_EXEC_CMD='say "it"'`,
      '# GIT_KEY=***',
      'KEG_REGISTRY=ghcr.io/acme',
    ])
    expect(stderr).to.equal(
      [
        `Warning: There is no value KEG_IMGE_TAG. Did you mean KEG_IMAGE_TAG? It is set in ${values}:4.`,
        `MINE is not printed: ${values}:6: {{ cli.taps.other.path }} is not defined.`,
        '',
      ].join('\n'),
    )
  })

  it('prints one value only, and explains it', async () => {
    expect(await run(['shop', 'KEG_IMAGE_FROM'])).to.include({stdout: 'ghcr.io/acme/shop:develop\n', stderr: ''})
    const {stderr, stdout} = await run(['shop', 'KEG_EXEC_CMD', '--explain'], {KEG_EXEC_CMD: 'serve'})
    expect({stderr, stdout: stdout.split('\n')}).to.deep.equal({
      stderr: '',
      stdout: [
        'KEG_EXEC_CMD=serve',
        '  from the environment',
        `  overrides 'say "it"' from ${values}:3`,
        '  What the run script runs, such as a script of package.json; --command overrides it.',
        '',
      ],
    })
  })

  it('gives scripts everything known, but no secret', async () => {
    const {json, stdout} = await run(['shop', '--json'])
    expect(json()).to.include({tap: 'shop', folder: join(home, 'shop'), environment: 'local', key: null})
    expect(stdout).to.include('"name": "GIT_KEY"').and.not.include('sekret')
  })

  it('says that there is no tap, and prints the values that exist without one', async () => {
    const {code, stderr, stdout} = await run(['KEG_REGISTRY'])
    expect({code, stdout}).to.deep.equal({code: 0, stdout: 'ghcr.io/acme\n'})
    expect(stderr).to.equal('This folder does not belong to a linked tap: these are the values without a tap.\n')
  })
})
