import type {Config} from '@oclif/core/interfaces'
import {expect} from 'chai'
import {unknownCommand} from '../../../src/lib/command/unknown-command.js'

const program = {
  bin: 'keg',
  pjson: {oclif: {aliases: {docker: '@keg/docker', sync: '@keg/sync', tap: '@keg/tap'}}},
  commands: [
    {id: 'doctor', aliases: [], hidden: false},
    {id: 'docker:package', aliases: [], hidden: false},
    {id: 'docker:package:run', aliases: [], hidden: false},
    {id: 'tap:start', aliases: ['tap:up'], hidden: false},
    {id: 'tap:secret', aliases: [], hidden: true},
  ],
  topics: [{name: 'docker'}, {name: 'docker:package'}, {name: 'tap'}],
} as unknown as Config

describe('an unknown command', () => {
  const table: [id: string, hint: string][] = [
    ['docker:pakage', 'Did you mean: keg docker package? See all commands with: keg help docker'],
    ['docker:packge:run:some:thing', 'Did you mean: keg docker package run? See all commands with: keg help docker'],
    ['dokcer', 'Did you mean: keg docker? See all commands with: keg help'],
    ['doctr', 'Did you mean: keg doctor? See all commands with: keg help'],
    ['tap:upp', 'Did you mean: keg tap up? See all commands with: keg help tap'],
    ['tap:secretx', 'See all commands with: keg help tap'],
    ['nothing:like:it', 'See all commands with: keg help'],
    ['sync:create', 'It is in a plugin that is not installed. Install it with: keg plugins install @keg/sync'],
    ['synch:create', 'keg sync is in a plugin that is not installed. Install it with: keg plugins install @keg/sync'],
  ]
  for (const [id, hint] of table)
    it(`${id.replaceAll(':', ' ')}: ${hint}`, async () => {
      const error = await unknownCommand(id, program)
      expect(error).to.include({code: 'command-unknown', exitCode: 2, hint})
      expect(error.message).to.equal(`${id.replaceAll(':', ' ')} is not a keg command.`)
    })

  it('is none if it is a command with an argument that it does not take', async () => {
    for (const [id, command] of [
      ['doctor:extra', 'keg doctor'],
      ['tap:up:extra:more', 'keg tap up'],
      ['docker:package:run:extra', 'keg docker package run'],
    ] as const) {
      const error = await unknownCommand(id, program)
      expect(error).to.include({code: 'usage-invalid', exitCode: 2, message: 'Unexpected argument: extra'})
      expect(error.hint).to.equal(`See all flags with: ${command} --help`)
    }
  })
})
