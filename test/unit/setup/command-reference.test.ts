import {expect} from 'chai'
import {commandReference} from '../../../scripts/generate/command-reference.js'

const command = {
  id: 'docker:package',
  aliases: [],
  hiddenAliases: ['dpg'],
  args: {target: {name: 'target', description: 'Which container.'}},
  description: 'More about it.',
  examples: [
    '<%= config.bin %> <%= command.id %> web',
    {command: 'keg docker package -y', description: 'Without a question'},
  ],
  flags: {
    tag: {
      type: 'option' as const,
      name: 'tag',
      char: 't' as const,
      multiple: true,
      summary: 'A tag | a reference.',
      env: 'KEG_TAG',
    },
    push: {type: 'boolean' as const, name: 'push', allowNo: true, description: 'Push it.'},
    secret: {type: 'boolean' as const, name: 'secret', allowNo: false, hidden: true},
  },
  hasDynamicHelp: false,
  hidden: false,
  hiddenFlags: [],
  strict: true,
  summary: 'Package a container.',
}

describe('commandReference', () => {
  const reference = commandReference([command, {...command, id: 'docker:hidden', hidden: true}])

  it('describes a command with its arguments, flags, examples and short forms', () => {
    expect(reference).to.include('### `keg docker package [TARGET]`')
    expect(reference).to.include('Package a container.\n\nMore about it.')
    expect(reference).to.include('Short: `keg dpg`.')
    expect(reference).to.include('| `TARGET` | Which container. |')
    expect(reference).to.include('| `--[no-]push` | Push it. |')
    expect(reference).to.include('keg docker package web')
    expect(reference).to.include('# Without a question\nkeg docker package -y')
  })

  it('keeps a cell in one cell', () => {
    expect(reference).to.include(
      String.raw`| ${'`-t, --tag TAG`'} | A tag \| a reference. (may be given several times; environment ${'`KEG_TAG`'}) |`,
    )
  })

  it('leaves out hidden commands and flags', () => {
    expect(reference).not.to.include('hidden')
    expect(reference).not.to.include('secret')
  })
})
