import {expect} from 'chai'
import {commandOfTap, commandsWithTap, TAP_PLUGIN_NAME} from '../../../../src/lib/tap-folder/plugin/tap-commands.js'
import {exampleCommand} from './example-program.js'

const file = ['commands', 'run.js']

describe('commands of a tap', () => {
  it('are those of @keg/tap with a tap as first argument', () => {
    const second = {args: {action: {name: 'action'}, tap: {name: 'tap'}}}
    const commands = [
      exampleCommand('tap:link', {args: {path: {name: 'path'}}}),
      exampleCommand('tap:list', {args: {}}),
      exampleCommand('tap:new', second),
      exampleCommand('tap:start'),
      exampleCommand('other:start'),
    ]
    expect(commandsWithTap(commands).map(({id}) => id)).to.deep.equal(['tap:start'])
  })

  it('lack that argument, and are otherwise the same', () => {
    const command = exampleCommand('tap:package:run', {
      aliases: ['tap:run', 'tpr'],
      hiddenAliases: ['tap:pk:rn'],
      args: {tap: {name: 'tap'}, image: {name: 'image', required: true}},
      usage: ['<%= command.id %> [TAP] IMAGE', '<%= command.id %> [TAP]'],
    })
    expect(commandOfTap('my-app', command, file)).to.deep.equal({
      ...command,
      id: 'my-app:package:run',
      aliases: ['my-app:run'],
      hiddenAliases: ['my-app:pk:rn'],
      args: {image: {name: 'image', required: true}},
      examples: ['<%= config.bin %> <%= command.id %>'],
      usage: ['<%= command.id %> IMAGE', '<%= command.id %>'],
      pluginAlias: TAP_PLUGIN_NAME,
      pluginName: TAP_PLUGIN_NAME,
      pluginType: 'link',
      relativePath: file,
    })
  })

  it('have the examples with a tap’s name, which is then the command', () => {
    const examples = [
      '<%= config.bin %> <%= command.id %> shop --from shop:x',
      '<%= config.bin %> <%= command.id %> --from shop:x',
      '<%= config.bin %> <%= command.id %> shop KEG_TAG',
      {command: '<%= config.bin %> <%= command.id %> shop --json', description: 'Start the tap shop.'},
      {command: '<%= config.bin %> <%= command.id %> shop-2', description: 'Another one.'},
      {command: '<%= config.bin %> <%= command.id %>', description: 'The tap that this folder is in.'},
      {command: 'cd "$(<%= config.bin %> <%= command.id %> shop)"', description: 'Go there.'},
    ]
    expect(commandOfTap('web', exampleCommand('tap:start', {examples}), file).examples).to.deep.equal([
      '<%= config.bin %> <%= command.id %> --from shop:x',
      '<%= config.bin %> <%= command.id %> KEG_TAG',
      {command: '<%= config.bin %> <%= command.id %> --json', description: 'Start the tap web.'},
      {command: 'cd "$(<%= config.bin %> <%= command.id %>)"', description: 'Go there.'},
    ])
  })
})
