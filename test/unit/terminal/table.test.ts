import {expect} from 'chai'
import {columnsOf} from '../../../src/lib/terminal/columns.js'
import {textTable} from '../../../src/lib/terminal/table.js'

describe('textTable', () => {
  const rows = [
    ['NAME', 'FOLDER'],
    ['shop', '/home/me/shop'],
    ['日本', '/srv'],
  ]

  it('has columns as wide as their displayed contents', () => {
    for (const width of [undefined, 19])
      expect(textTable(rows, width).split('\n')).to.deep.equal(['NAME  FOLDER', 'shop  /home/me/shop', '日本  /srv'])
  })

  it('wraps the last column if it has room', () => {
    const long = [...rows, ['docs', `/home/me/${'x'.repeat(40)}`]]
    expect(textTable(long, 40).split('\n').slice(-2)).to.deep.equal([
      `docs  /home/me/${'x'.repeat(25)}`,
      `      ${'x'.repeat(15)}`,
    ])
  })

  it('prints a block for each row if it has none', () => {
    const wide = [
      ['NAME', 'BRANCH', 'FOLDER'],
      ['shop', 'feature/a-long-name', '/home/me/work/of/mine/shop'],
      ['docs', '-', '/srv'],
    ]
    expect(textTable(wide, 30)).to.equal(
      [
        'NAME    shop',
        'BRANCH  feature/a-long-name',
        'FOLDER',
        '  /home/me/work/of/mine/shop',
        '',
        'NAME    docs',
        'BRANCH  -',
        'FOLDER  /srv',
      ].join('\n'),
    )
  })

  it('fits 40 columns with any number of columns, and prints every cell whole', () => {
    const cells = ['a-name', 'feature/日本語', 'running, healthy', 'http://127.0.0.1:8080', `/home/${'y'.repeat(50)}`]
    const text = textTable([['A', 'BRANCH', 'STATE', 'URL', 'FOLDER'], cells], 40)
    for (const line of text.split('\n')) expect(columnsOf(line), line).to.be.at.most(40)
    for (const cell of cells) expect(text.replace(/\s/g, '')).to.include(cell.replace(/\s/g, ''))
  })

  it('prints no control characters', () => {
    expect(
      textTable(
        [
          ['A', 'B'],
          ['\u001b[31m', 'x\ny'],
        ],
        10,
      ),
    ).to.not.match(/\u001b|x\ny/)
  })
})
