import {expect} from 'chai'
import {actionNames, findActions} from '../../../../../src/lib/tap/exec/action/find-actions.js'
import {thrown} from '../../../../support/thrown.js'
import {exampleTap} from '../../example-tap.js'
import type {Action} from '../../../../../src/lib/tap-folder/model.js'

const action = (commands: readonly string[], changes: Partial<Action> = {}): Action => ({
  commands,
  location: undefined,
  detach: false,
  privileged: false,
  file: '/home/me/shop/container/values.yml',
  line: 9,
  column: 5,
  ...changes,
})

describe('actionNames', () => {
  it("takes a name without a prefix as one of the tap's own, in the given order", () => {
    expect(actionNames(['build', 'core:install', 'test'])).to.deep.equal(['tap:build', 'core:install', 'tap:test'])
  })

  it('applies a prefix to several names', () => {
    expect(actionNames(['core:install,test', 'build,lint'])).to.deep.equal([
      'core:install',
      'core:test',
      'tap:build',
      'tap:lint',
    ])
  })
})

describe('findActions', () => {
  const opened = exampleTap({
    files: {
      actions: new Map([
        ['tap:build', action(['yarn build', 'cp {{ a }} b'])],
        ['core:install', action(['yarn'], {location: '{{ core }}', detach: true, privileged: true})],
      ]),
    },
  })

  it('expands templates of commands and folders, each with its position', async () => {
    const places: string[] = []
    const expand = (text: string, place: string): string => {
      places.push(place)
      return text.replace(/\{\{ (\w+) \}\}/, '/$1')
    }
    const found = await findActions(['build', 'core:install'], {...opened, values: {...opened.values, expand}})
    expect(found).to.deep.equal([
      {
        name: 'tap:build',
        commands: ['yarn build', 'cp /a b'],
        location: null,
        detach: false,
        privileged: false,
      },
      {name: 'core:install', commands: ['yarn'], location: '/core', detach: true, privileged: true},
    ])
    expect(new Set(places)).to.deep.equal(new Set(['/home/me/shop/container/values.yml:9']))
  })

  it('suggests a similar name, and lists the actions', async () => {
    const error = await thrown(findActions(['biuld'], opened))
    expect(error).to.deep.include({
      code: 'action-unknown',
      message: 'The tap shop has no action tap:biuld.',
      hint: 'Did you mean tap:build? Its actions are: tap:build, core:install. A command of your own goes after --',
    })
  })

  it('says if a tap has no actions', async () => {
    expect(await thrown(findActions(['build'], exampleTap()))).to.deep.include({
      code: 'action-unknown',
      message: 'The tap shop has no actions.',
    })
  })
})
