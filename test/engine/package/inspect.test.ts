import {expect} from 'chai'

import {baseImage, docker, Sandbox, uniqueName} from '../../support/docker.js'
import {keg} from '../../support/keg.js'
import {imageLayers} from '../../support/layers.js'
import {runAdvice} from '../../support/run-advice.js'
import type {PackageJson} from './packaging.js'
import {labelsOf, packageOf, waitingContainer} from './packaging.js'

describe('keg docker package inspect @containerd', function () {
  this.timeout(120_000)
  const sandbox = new Sandbox()
  let container: string
  let made: PackageJson

  before(async () => {
    container = await waitingContainer(
      sandbox,
      ['--init', '-e', 'MODE=secret', '-v', '/data', baseImage],
      'echo two > /data/two',
    )
    made = await packageOf(sandbox, container, ['-m', 'See the\nlogin page', '-a', 'Ada', '--branch', 'feature/x'])
  })

  after(() => sandbox.clean())

  it('gives scripts everything that the labels say, and what the engine knows', async () => {
    const run = await keg(['docker', 'package', 'inspect', made.reference, '--json'])
    expect(run.code, run.stdout).to.equal(0)
    const labels = await labelsOf(made.reference)
    const {layers} = await imageLayers(made.reference)
    expect(run.json()).to.deep.include({
      reference: made.reference,
      image: made.image,
      layers: layers.length,
      schema: '1',
      run: labels['com.keg.run'],
      author: 'Ada',
      message: 'See the\nlogin page',
      branch: 'feature/x',
      commit: null,
      dirty: null,
      source: null,
      version: 'one',
      created: labels['org.opencontainers.image.created'],
      mounts: [{path: '/data', type: 'volume', layer: layers.at(-1)?.diffId}],
      entries: labels['com.keg.package.entries'],
      config: labels['com.keg.package.config'],
      settings: {init: true},
      ports: [],
      agentFiles: null,
      synced: null,
      invalid: [],
    })
    // A containerd store counts blocks of 4096 bytes.
    expect(run.json().bytes).to.be.within(made.bytes, made.bytes + 16 * 4096)
    expect(run.json().environment).to.include('MODE')
    expect(run.json().platform).to.match(/^linux\/\w+/)
    expect(run.json().base).to.deep.include({name: baseImage})
  })

  it('shows it to a person in sections, within 40 columns', async () => {
    const run = await keg(['docker', 'package', 'inspect', made.reference])
    expect(run.code, run.stderr).to.equal(0)
    expect(run.stdout).to.match(/^ {2}Reference +\S+:one$/m)
    expect(run.stdout).to.match(/^ {2}Created +(?:just now|\d+ minutes? ago) \(\d{4}-\S+\)$/m)
    expect(run.stdout).to.match(/^ {2}Message +See the\n +login page$/m)
    expect(run.stdout).to.match(/^ {2}Branch +feature\/x$/m)
    expect(run.stdout).to.match(/^ {2}Mount +\/data: volume, [\d.]+ k?B, in the package$/m)
    expect(run.stdout).to.match(/^ {2}Variables +(?:.*, )?MODE$/m)
    expect(run.stdout).not.to.include('secret')
    expect(run.stdout).to.match(/^ {2}Was run with +--init$/m)
    const narrow = await keg(['docker', 'package', 'inspect', made.reference], {env: {COLUMNS: '40'}})
    for (const line of narrow.stdout.trimEnd().split('\n')) expect(line.length, line).to.be.at.most(40)
    expect(narrow.stdout.replace(/\s/g, '')).to.equal(run.stdout.replace(/\s/g, ''))
    const quiet = await keg(['docker', 'package', 'inspect', '-q', made.reference])
    expect(quiet.stdout).to.equal(`${made.image ?? ''}\n`)
  })

  it('shows malformed labels as such, and no control characters', async () => {
    const forged = sandbox.addImage(uniqueName('forged'))
    const container = await sandbox.create([
      ...['--label', 'com.keg.package.branch=a\u001b[31mb', '--label', 'com.keg.package.dirty=maybe'],
      ...[
        '--label',
        'org.opencontainers.image.source=javascript:alert(1)',
        '--label',
        'com.keg.package.run={"evil":1}',
      ],
      ...['--label', 'com.keg.package.mounts=[{"path":"/../etc"}]', made.reference],
    ])
    await docker(['commit', container, forged])
    const json = (await keg(['docker', 'package', 'inspect', forged, '--json'])).json()
    expect(json).to.deep.include({branch: null, dirty: null, mounts: null, settings: null, source: null})
    expect((json.invalid as {label: string}[]).map(({label}) => label).sort()).to.deep.equal([
      ...['branch', 'dirty', 'mounts', 'run'].map((name) => `com.keg.package.${name}`),
      'org.opencontainers.image.source',
    ])
    const text = await keg(['docker', 'package', 'inspect', forged])
    expect(text.stdout).to.include('Invalid').and.not.include('\u001b')
  })

  it('is an error for an image that is no package', async () => {
    const run = await keg(['docker', 'package', 'inspect', baseImage, '--json'])
    expect(run.code).to.equal(1)
    expect((run.json() as {error: {code: string}}).error.code).to.equal('not-a-package')
    const planned = await runAdvice(run, 'keg docker package', {add: [container, '-t', 'two', '--dry-run', '--json']})
    expect(planned.json().reference).to.match(/:two$/)
  })
})
