import {Plugin, type Command} from '@oclif/core'
import {expect} from 'chai'
import {join} from 'node:path'
import {readWorkspaces, repository} from '../../../scripts/setup/dependencies.js'
import {baseImage, docker, uniqueName, type Sandbox} from '../../support/docker.js'
import {keg} from '../../support/keg.js'
import {writeFiles} from '../../support/tree.js'
import {SyncBed} from '../sync/synced-container.js'
import {ctrlC, kegOnTerminal} from './terminal.js'

const container = /No container belongs to this folder[^]*Which one\?/
const packages = /Which package\?/
const setting = /Which setting\?/
const sync = /Which sync\?/
const tap = /This folder does not belong to a linked tap\. Which tap\?/

/** The questions of each command without arguments, in order, in a folder that belongs to nothing; empty if it asks nothing. */
const asked: Readonly<Record<string, readonly RegExp[]>> = {
  'config:get': [setting],
  'config:import': [],
  'config:list': [],
  'config:path': [],
  'config:set': [setting, /Value of /],
  'config:unset': [setting],
  'docker:package': [container],
  'docker:package:inspect': [packages],
  'docker:package:list': [],
  'docker:package:logs': [/The logs of which package\?/],
  'docker:package:prune': [],
  'docker:package:push': [packages],
  'docker:package:remove': [packages],
  'docker:package:run': [packages],
  'docker:package:stop': [/Which package is to be stopped and removed\?/],
  'docker:package:verify': [packages],
  doctor: [],
  'sync:create': [container],
  'sync:flush': [sync],
  'sync:list': [],
  'sync:monitor': [sync],
  'sync:pause': [sync],
  'sync:reset': [sync],
  // Then which side keeps its files, if there are conflicts.
  'sync:resolve': [sync],
  'sync:resume': [sync],
  'sync:status': [],
  'sync:terminate': [sync],
  'tap:destroy': [tap],
  'tap:env': [],
  'tap:exec': [tap, /Which action\?/],
  'tap:link': [],
  'tap:list': [],
  'tap:logs': [tap],
  'tap:new': [/Name of the tap/],
  'tap:package': [tap],
  'tap:package:run': [tap, packages],
  'tap:path': [tap],
  'tap:restart': [tap],
  'tap:shell': [tap],
  'tap:start': [tap],
  'tap:status': [],
  'tap:stop': [tap],
  'tap:sync': [tap],
  'tap:unlink': [/Unlink which tap\?/],
  'tap:validate': [tap],
}

describe('what is missing on the command line, at a terminal @classic', function () {
  this.timeout(180_000)

  let bed: SyncBed
  let sandbox: Sandbox
  /** Leads keg to a linked tap, a setting and a sync. */
  let environment: Record<string, string>

  before(async () => {
    bed = await SyncBed.start()
    sandbox = bed.sandbox
    await bed.kegSucceeds((await bed.container({file: 'content'})).createLine)
    // As keg docker package run would have started it.
    await sandbox.run(['--label', 'com.keg.role=package', '--label', 'com.keg.owner={}', baseImage, 'sleep', '600'])
    const folder = await sandbox.temporaryFolder()
    await writeFiles(folder, {
      'shop/container/values.yml': 'env: {KEG_IMAGE_FROM: shop}\nactions: {tap: {build: {cmds: [make]}}}\n',
      'config/keg/config.yml': `version: 1\ndefaultTag: main\ntaps: {shop: {path: ${join(folder, 'shop')}}}\n`,
    })
    environment = {...bed.mutagen.environment, XDG_CONFIG_HOME: join(folder, 'config')}
  })
  after(() => bed.stop())

  async function allCommands(): Promise<Command.Loadable[]> {
    const roots = ['', ...(await readWorkspaces())].map((folder) => join(repository, folder))
    const plugins = roots.map((root) => new Plugin({root, type: 'core', errorOnManifestCreate: true}))
    await Promise.all(plugins.map((plugin) => plugin.load()))
    return plugins.flatMap(({commands}) => commands)
  }

  const asking = Object.entries(asked).filter(([, questions]) => questions.length > 0)

  it('is asked for by every command that needs it', async () => {
    const commands = await allCommands()
    expect(Object.keys(asked).sort()).to.deep.equal(commands.map(({id}) => id).sort())
    // Nobody would be asked for what oclif requires.
    for (const {args, flags, id} of commands)
      for (const [name, {required}] of Object.entries({...args, ...flags}))
        expect(required ?? false, `${id} ${name}`).to.equal(false)

    const left = [...asking]
    const askNext = async (): Promise<void> => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) {
        const [id, questions] = next
        const terminal = await kegOnTerminal(id.split(':'), environment)
        try {
          for (const [index, question] of questions.entries()) {
            if (index > 0) terminal.press('\r')
            await terminal.shows(question)
          }
          terminal.press(ctrlC)
          expect((await terminal.ended).code, id).to.equal(130)
        } finally {
          terminal.close()
        }
      }
    }
    await Promise.all([askNext(), askNext(), askNext()])
  })

  it('makes every such command fail without a terminal, and say what to write', async () => {
    for (const [id] of asking) {
      const {code, json} = await keg([...id.split(':'), '--json'], {env: environment})
      expect(code, id).to.equal(2)
      expect(json()).to.have.property('error').that.has.property('hint').that.is.a('string')
    }
  })

  it('is chosen in a list that is searched, newest first, or pasted', async () => {
    const name = uniqueName('listed')
    const label = 'LABEL com.keg.role=package com.keg.package.schema=1 com.keg.package.branch=feature-search'
    for (const [tag, time] of [
      ['older', '2999-01-01T00:00:00Z'],
      ['newer', '2999-01-02T00:00:00Z'],
    ] as const)
      await sandbox.imageFromFiles(`${name}:${tag}`, [{path: 'x', content: tag}], {
        instructions: [label, `LABEL org.opencontainers.image.created=${time}`],
      })
    const words = ['docker', 'package', 'inspect', '--pull', 'never', '--quiet']
    const ids = await docker(['image', 'inspect', '--format', '{{.Id}}', `${name}:newer`, `${name}:older`])
    const [newer = '', older = ''] = ids.split('\n')

    const first = await kegOnTerminal(words)
    await first.shows(new RegExp(`${name}:newer .*branch feature-search[^]*${name}:older`))
    first.press('\r')
    expect((await first.ended).shown).to.include(newer)

    const pasted = await kegOnTerminal(words)
    await pasted.shows(packages)
    pasted.press(`docker pull ${name}:older\r`)
    expect((await pasted.ended).shown).to.include(older)
  })
})
