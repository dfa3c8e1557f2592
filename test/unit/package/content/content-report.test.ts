import {expect} from 'chai'
import {contentNote, reportContents} from '../../../../src/lib/package/content/content-report.js'
import type {ContentOrigin} from '../../../../src/lib/package/content/mount-contents.js'

const origins: Record<string, ContentOrigin> = {
  '/same': 'source',
  '/moved': 'moved',
  '/own': 'container',
  '/new': 'replacement',
  '/far': 'unknown',
}
const contents = {
  originOf: (path: string): ContentOrigin | undefined => origins[path],
  withoutCapabilities: (): string[] => ['/own'],
}

describe('report on the contents of mounts', () => {
  it('names what differs from the container, and what could not be compared', () => {
    const report = reportContents(contents, [...Object.keys(origins), '/volume'], 'web\u001b[2J')
    expect(report.replaced).to.deep.equal(['/new'])
    expect(report.warnings).to.have.length(2)
    expect(report.warnings[0])
      .to.match(/^The source of \/new was replaced since web/)
      .and.not.contain('\u001b')
    expect(report.warnings[1]).to.match(/\/own .*setcap/)
    expect(report.notCompared).to.deep.equal([
      '/new as the container has it: its source was replaced, and the new content is in the package',
      'file capabilities of /own',
      'whether the source of /far was replaced since the container was started',
    ])
  })

  it('is empty if nothing changed', () => {
    const all = {...contents, withoutCapabilities: () => []}
    expect(reportContents(all, ['/same', '/volume'], 'web')).to.deep.equal({
      ...{replaced: [], warnings: [], notCompared: []},
    })
  })

  it('is also in the plan', () => {
    expect(contentNote('moved')).to.match(/the package gets what the container still has/)
    expect(contentNote('container')).to.match(/the package gets what the container still has/)
    expect(contentNote('replacement')).to.match(/the package gets the new content/)
    for (const origin of ['source', 'unknown', null] as const) expect(contentNote(origin)).to.equal('')
  })
})
