import {expect} from 'chai'
import {findAdvisories, ADVISORIES, fixedVersions} from '../../../src/lib/doctor/advisories.js'
import {advisoriesFinding} from '../../../src/lib/doctor/engine-check.js'
import {isOlder, parseVersion} from '../../../src/lib/process/version.js'

function idsOf(components: Record<string, string>, authorizationPlugins = false): string[] {
  const list = Object.entries(components).map(([Name, Version]) => ({Name, Version}))
  return findAdvisories(list, {authorizationPlugins}).flatMap(({advisory: hole}) => hole.ids)
}

describe('advisories', () => {
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

  it('of authorization plugins count only if there are any, in each release branch until its fix', () => {
    expect(idsOf({Engine: '26.1.4'})).to.not.include.members(['CVE-2024-41110'])
    expect(idsOf({Engine: '26.1.4'}, true)).to.include.members(['CVE-2024-41110', 'CVE-2026-34040'])
    for (const fixed of ['20.10.28', '23.0.15', '25.0.6', '26.1.5', '27.1.1'])
      expect(idsOf({Engine: fixed}, true), fixed).to.not.include('CVE-2024-41110')
    expect(idsOf({Engine: '29.3.1'}, true)).to.not.include('CVE-2026-34040')
  })

  it('are none for a component that is missing or has no version', () => {
    expect(idsOf({})).to.deep.equal([])
    expect(idsOf({Engine: 'library-import', runc: '', crun: '1.0.0'})).to.deep.equal([])
  })

  it('are reported with the version that fixes all of them', () => {
    const found = findAdvisories(
      [
        {Name: 'Engine', Version: '24.0.5'},
        {Name: 'runc', Version: '1.1.5'},
      ],
      {authorizationPlugins: false},
    )
    expect([...fixedVersions(found)]).to.deep.equal([
      ['Engine', '29.5.1'],
      ['runc', '1.2.8'],
    ])
    const finding = advisoriesFinding(found)
    expect(finding.status).to.equal('notice')
    expect(finding.remedy).to.include('Engine to 29.5.1, runc to 1.2.8')
    expect(finding.detail).to.include('24.0.5').and.not.include('distribution')
  })

  it('of a distribution’s build are reported as possibly fixed', () => {
    const found = findAdvisories([{Name: 'Engine', Version: '20.10.24+dfsg1'}], {authorizationPlugins: false})
    expect(advisoriesFinding(found).detail).to.match(
      /^\d+ advisories apply to .*20\.10\.24\+dfsg1.*distribution may have fixed/,
    )
  })

  it('are ok if there are none', () => {
    expect(advisoriesFinding([])).to.include({status: 'ok'})
  })

  it('are listed with valid identifiers, versions and a source', () => {
    for (const {affected, ids, meaning, source} of ADVISORIES) {
      for (const id of ids) expect(id).to.match(/^CVE-\d{4}-\d{4,}$/)
      expect(source).to.match(/^https:\/\//)
      expect(meaning).to.not.include('\n')
      expect(affected.length).to.be.at.least(1)
      for (const {fixed, introduced} of affected) {
        expect(parseVersion(fixed), fixed).to.not.equal(undefined)
        if (introduced !== undefined) expect(isOlder(introduced, fixed), introduced).to.equal(true)
      }
    }
    const all = ADVISORIES.flatMap(({ids}) => ids)
    expect(new Set(all).size).to.equal(all.length)
  })
})
