import {expect} from 'chai'
import {replacePart, table} from '../../../scripts/generate/generated-part.js'

describe('replacePart', () => {
  const page = (inner: string) =>
    `# A\n\n<!-- commands: made by \`npm run build\` -->\n${inner}<!-- /commands -->\n\nB\n`

  it('replaces only what is between the markers', () => {
    const once = replacePart(page('old\n'), 'commands', 'new\n')
    expect(once).to.equal(page('\nnew\n\n'))
    expect(replacePart(once, 'commands', 'new\n')).to.equal(once)
  })

  it('refuses a page without its markers', () => {
    expect(() => replacePart('# A\n', 'commands', 'new')).to.throw('<!-- /commands -->')
    expect(() => replacePart(page(''), 'values', 'new')).to.throw('<!-- /values -->')
  })
})

describe('table', () => {
  it('keeps a cell in one cell, shows words in angle brackets, and is empty without rows', () => {
    expect(table(['A', 'B'], [['x|y', 'two\n  lines']])).to.equal(
      ['| A | B |', '| --- | --- |', String.raw`| x\|y | two lines |`].join('\n'),
    )
    expect(table(['A'], [['<tap> and `<tap>`']])).to.include(String.raw`| \<tap> and ${'`<tap>`'} |`)
    expect(table(['A'], [])).to.equal(undefined)
  })
})
