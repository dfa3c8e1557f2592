import {expect} from 'chai'
import {valueReference} from '../../../scripts/generate/value-reference.js'

describe('valueReference', () => {
  it('has a table for each group, with type, default and readers', () => {
    const reference = valueReference([
      {
        title: 'Images',
        definitions: [
          {name: 'KEG_A', type: 'image', meaning: 'An image.', default: 'a:b', readBy: ['keg tap start', 'Dockerfile']},
          {name: 'KEG_B', type: 'choice', meaning: 'When.', choices: {always: 'always', Never: 'never'}, readBy: ['x']},
          {name: 'A_KEY', type: 'text', meaning: 'A token.', otherwise: 'none', isSecret: true, readBy: ['x']},
        ],
      },
      {title: 'Gone', definitions: [{name: 'KEG_C', type: 'text', meaning: 'Has no meaning any more.', readBy: []}]},
    ])
    expect(reference).to.equal(
      [
        '### Images',
        '',
        '| Value | Meaning | Type | Default | Read by |',
        '| --- | --- | --- | --- | --- |',
        '| `KEG_A` | An image. | image | `a:b` | keg tap start, Dockerfile |',
        '| `KEG_B` | When. | `always`, `Never` |  | x |',
        '| `A_KEY` | A token. Never shown. | text | none | x |',
        '',
        '### Gone',
        '',
        '| Value | Meaning |',
        '| --- | --- |',
        '| `KEG_C` | Has no meaning any more. |',
        '',
      ].join('\n'),
    )
  })
})
