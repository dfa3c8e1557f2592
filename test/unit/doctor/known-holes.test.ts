import {expect} from 'chai'
import {findHoles, KNOWN_HOLES, mendedVersions} from '../../../src/lib/doctor/known-holes.js'
import {holesFinding} from '../../../src/lib/doctor/engine-check.js'
import {isOlder, parseVersion} from '../../../src/lib/doctor/version.js'

function idsOf(components: Record<string, string>, authorizationPlugins = false): string[] {
  const list = Object.entries(components).map(([Name, Version]) => ({Name, Version}))
  return findHoles(list, {authorizationPlugins}).flatMap(({hole}) => hole.ids)
}

describe('known holes', () => {
  for (const [component, version, has, hasNot] of [
    ['Engine', '29.5.0', 'CVE-2026-41567', 'CVE-2024-23651'],
    ['Engine', '28.5.2+dfsg4', 'CVE-2026-42306', 'CVE-2024-23651'],
    ['Engine', '24.0.9', 'CVE-2024-23652', undefined],
    ['Engine', '29.5.1', undefined, 'CVE-2026-41567'],
    ['runc', '1.0.0-rc6', 'CVE-2019-5736', 'CVE-2024-21626'],
    ['runc', '1.0.0-rc7', 'CVE-2021-30465', 'CVE-2019-5736'],
    ['runc', '1.0.0-rc92', undefined, 'CVE-2024-21626'],
    ['runc', '1.0.0-rc93', 'CVE-2024-21626', undefined],
    ['runc', '1.1.11', 'CVE-2024-21626', 'CVE-2021-30465'],
    ['runc', '1.1.12', 'CVE-2025-31133', 'CVE-2024-21626'],
    ['runc', '1.2.7', 'CVE-2025-52565', undefined],
    ['runc', '1.2.8', undefined, 'CVE-2025-31133'],
    ['runc', '1.3.2', 'CVE-2025-52881', undefined],
    ['runc', '1.3.3', undefined, 'CVE-2025-31133'],
    ['runc', '1.4.0-rc.2', 'CVE-2025-31133', undefined],
    ['runc', '1.4.0-rc.3', undefined, 'CVE-2025-31133'],
    ['containerd', '1.7.28', 'CVE-2024-25621', undefined],
    ['containerd', '1.7.30', undefined, 'CVE-2024-25621'],
    ['containerd', '2.1.4', 'CVE-2024-25621', undefined],
    ['containerd', '2.1.9+unknown', undefined, 'CVE-2024-25621'],
  ] as const) {
    it(`of ${component} ${version}: ${has ?? 'not'} ${has === undefined ? hasNot : ''}`.trimEnd(), () => {
      const ids = idsOf({[component]: version})
      if (has !== undefined) expect(ids).to.include(has)
      if (hasNot !== undefined) expect(ids).to.not.include(hasNot)
    })
  }

  it('of authorization plugins count only where there are some, in every branch until it was mended', () => {
    expect(idsOf({Engine: '26.1.4'})).to.not.include.members(['CVE-2024-41110'])
    expect(idsOf({Engine: '26.1.4'}, true)).to.include.members(['CVE-2024-41110', 'CVE-2026-34040'])
    for (const mended of ['20.10.28', '23.0.15', '25.0.6', '26.1.5', '27.1.1'])
      expect(idsOf({Engine: mended}, true), mended).to.not.include('CVE-2024-41110')
    expect(idsOf({Engine: '29.3.1'}, true)).to.not.include('CVE-2026-34040')
  })

  it('are none of what is not there, or has no version', () => {
    expect(idsOf({})).to.deep.equal([])
    expect(idsOf({Engine: 'library-import', runc: '', crun: '1.0.0'})).to.deep.equal([])
  })

  it('are told with the version that mends all of them', () => {
    const found = findHoles(
      [
        {Name: 'Engine', Version: '24.0.5'},
        {Name: 'runc', Version: '1.1.5'},
      ],
      {authorizationPlugins: false},
    )
    expect([...mendedVersions(found)]).to.deep.equal([
      ['Engine', '29.5.1'],
      ['runc', '1.2.8'],
    ])
    const finding = holesFinding(found)
    expect(finding.status).to.equal('notice')
    expect(finding.remedy).to.include('Engine to 29.5.1, runc to 1.2.8')
    expect(finding.detail).to.include('24.0.5').and.not.include('distribution')
  })

  it('of a version that a distribution built are told as what that version has, mended or not', () => {
    const found = findHoles([{Name: 'Engine', Version: '20.10.24+dfsg1'}], {authorizationPlugins: false})
    expect(holesFinding(found).detail).to.match(/^by version: .*20\.10\.24\+dfsg1.*distribution may have mended/)
  })

  it('that are none are nothing to worry about', () => {
    expect(holesFinding([])).to.include({status: 'ok'})
  })

  it('are listed with identifiers, versions and a source that can be read', () => {
    for (const {affected, ids, meaning, source} of KNOWN_HOLES) {
      for (const id of ids) expect(id).to.match(/^CVE-\d{4}-\d{4,}$/)
      expect(source).to.match(/^https:\/\//)
      expect(meaning).to.not.include('\n')
      expect(affected.length).to.be.at.least(1)
      for (const {fixed, introduced} of affected) {
        expect(parseVersion(fixed), fixed).to.not.equal(undefined)
        if (introduced !== undefined) expect(isOlder(introduced, fixed), introduced).to.equal(true)
      }
    }
    const all = KNOWN_HOLES.flatMap(({ids}) => ids)
    expect(new Set(all).size).to.equal(all.length)
  })
})
