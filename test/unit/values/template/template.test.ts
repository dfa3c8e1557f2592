import {expect} from 'chai'
import {parseTemplate} from '../../../../src/lib/values/template/template.js'

describe('parseTemplate', () => {
  const cases: readonly [string, unknown][] = [
    ['', [{literal: ''}]],
    ['plain { } text', [{literal: 'plain { } text'}]],
    ['{{ a.b }}', [{literal: ''}, {expression: 'a.b'}, {literal: ''}]],
    ['x{{a}}{{ b }}y', [{literal: 'x'}, {expression: 'a'}, {literal: ''}, {expression: 'b'}, {literal: 'y'}]],
    [`{{ '{{' }}.Names}}`, [{literal: ''}, {literal: '{{'}, {literal: '.Names}}'}]],
    [`{{"{{"}}`, [{literal: ''}, {literal: '{{'}, {literal: ''}]],
    ['a {{ b', [{literal: 'a '}, {unclosed: 'b'}]],
    ['{{}}', [{literal: ''}, {expression: ''}, {literal: ''}]],
    ['}} {{ a }}', [{literal: '}} '}, {expression: 'a'}, {literal: ''}]],
  ]
  for (const [text, parts] of cases)
    it(`parses ${JSON.stringify(text)}`, () => {
      expect(parseTemplate(text)).to.deep.equal(parts)
    })
})
