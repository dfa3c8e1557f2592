import type {EngineComponent} from '../engine/types.js'
import {compareVersions, isOlder, parseVersion} from '../process/version.js'

/** Versions from `introduced` on (without it, from the first) and before `fixed`. */
interface AffectedRange {
  readonly introduced?: string
  readonly fixed: string
}

/** A security advisory for a part of an engine that matters when running other people's packages. */
export interface Advisory {
  readonly ids: readonly string[]
  /** As `GET /version` names it; BuildKit is part of the engine. */
  readonly component: 'Engine' | 'containerd' | 'runc'
  readonly affected: readonly AffectedRange[]
  /** What it means for a user of keg, in one line. */
  readonly meaning: string
  /** The source of the versions and facts. */
  readonly source: string
  /** Applies only with these. */
  readonly onlyWith?: 'authorization plugins'
}

/** When the list was last compared with the advisories. */
export const ADVISORIES_AS_OF = 'November 2026'

/** Without engines older than 20.10, which keg refuses. */
export const ADVISORIES: readonly Advisory[] = [
  {
    ids: ['CVE-2026-41567'],
    component: 'Engine',
    affected: [{fixed: '29.5.1'}],
    meaning:
      "copying a compressed archive into a container (docker cp -) runs the container's own xz or unpigz as root of the engine's machine; keg sends none",
    source: 'https://github.com/moby/moby/security/advisories/GHSA-x86f-5xw2-fm2r',
  },
  {
    ids: ['CVE-2026-41568', 'CVE-2026-42306'],
    component: 'Engine',
    affected: [{fixed: '29.5.1'}],
    meaning:
      "a docker cp with a running container that has mounts lets it reach paths of the engine's machine; keg reads only through containers that never run",
    source: 'https://github.com/moby/moby/security/advisories/GHSA-rg2x-37c3-w2rh',
  },
  {
    ids: ['CVE-2026-34040'],
    component: 'Engine',
    affected: [{fixed: '29.3.1'}],
    meaning: 'a large request gets past the authorization plugins of this engine',
    source: 'https://github.com/moby/moby/security/advisories/GHSA-x744-4wpc-v9h2',
    onlyWith: 'authorization plugins',
  },
  {
    ids: ['CVE-2024-41110'],
    component: 'Engine',
    affected: [
      {fixed: '20.10.28'},
      {introduced: '23.0.0', fixed: '23.0.15'},
      {introduced: '24.0.0', fixed: '24.0.10'},
      {introduced: '25.0.0', fixed: '25.0.6'},
      {introduced: '26.0.0', fixed: '26.1.5'},
      {introduced: '27.0.0', fixed: '27.1.1'},
    ],
    meaning: 'an empty request gets past the authorization plugins of this engine',
    source: 'https://github.com/moby/moby/security/advisories/GHSA-v23v-6jw2-98fq',
    onlyWith: 'authorization plugins',
  },
  {
    ids: ['CVE-2024-23651', 'CVE-2024-23652', 'CVE-2024-23653'],
    component: 'Engine',
    affected: [{fixed: '25.0.2'}],
    meaning:
      "building a stranger's Dockerfile can read and delete files of the engine's machine, or get its rights (BuildKit)",
    source: 'https://github.com/moby/moby/releases/tag/v24.0.9',
  },
  {
    ids: ['CVE-2025-31133', 'CVE-2025-52565', 'CVE-2025-52881'],
    component: 'runc',
    affected: [
      {fixed: '1.2.8'},
      {introduced: '1.3.0-rc.1', fixed: '1.3.3'},
      {introduced: '1.4.0-rc.1', fixed: '1.4.0-rc.3'},
    ],
    meaning: "a stranger's image can break out while its container starts: run packages of people you trust",
    source: 'https://github.com/opencontainers/runc/security/advisories/GHSA-9493-h29p-rfm2',
  },
  {
    ids: ['CVE-2024-21626'],
    component: 'runc',
    affected: [{introduced: '1.0.0-rc93', fixed: '1.1.12'}],
    meaning: "a stranger's image can break out by its working directory: run packages of people you trust",
    source: 'https://github.com/opencontainers/runc/security/advisories/GHSA-xr7r-f8xq-vfvv',
  },
  {
    ids: ['CVE-2021-30465'],
    component: 'runc',
    affected: [{fixed: '1.0.0-rc95'}],
    meaning: "containers that share a volume can have folders of the engine's machine mounted into them",
    source: 'https://github.com/opencontainers/runc/security/advisories/GHSA-c3xm-pvg7-gh7r',
  },
  {
    ids: ['CVE-2019-5736'],
    component: 'runc',
    affected: [{fixed: '1.0.0-rc7'}],
    meaning: "root in a container can replace runc and become root of the engine's machine",
    source: 'https://www.openwall.com/lists/oss-security/2019/02/11/2',
  },
  {
    ids: ['CVE-2024-25621'],
    component: 'containerd',
    affected: [
      {fixed: '1.7.29'},
      {introduced: '2.0.0-beta.0', fixed: '2.0.7'},
      {introduced: '2.1.0-beta.0', fixed: '2.1.5'},
      {introduced: '2.2.0-beta.0', fixed: '2.2.0'},
    ],
    meaning: "other users of the engine's machine may get at what containerd stores (its folder is open to them)",
    source: 'https://github.com/containerd/containerd/security/advisories/GHSA-pwhc-rpq9-4c8w',
  },
]

/** An advisory that applies to an engine by the version of one of its parts. */
export interface FoundAdvisory {
  readonly advisory: Advisory
  readonly version: string
  /** The first version of its branch without it. */
  readonly fixed: string
  /** A distribution built it, and may have fixed it without changing the version. */
  readonly mayBePatched: boolean
}

/** Compares an engine's parts with the list. Skips a part whose version cannot be read. */
export function findAdvisories(
  components: readonly EngineComponent[],
  {authorizationPlugins}: {readonly authorizationPlugins: boolean},
  advisories: readonly Advisory[] = ADVISORIES,
): FoundAdvisory[] {
  return advisories.flatMap((advisory) => {
    if (advisory.onlyWith !== undefined && !authorizationPlugins) return []
    const component = components.find(({Name}) => Name === advisory.component)
    const version = parseVersion(component?.Version ?? '')
    if (component === undefined || version === undefined) return []
    const range = advisory.affected.find(
      ({fixed, introduced}) =>
        isOlder(component.Version, fixed) && (introduced === undefined || !isOlder(component.Version, introduced)),
    )
    if (range === undefined) return []
    return [
      {advisory: advisory, version: component.Version, fixed: range.fixed, mayBePatched: version.isOfDistribution},
    ]
  })
}

/** For each part, the version without any of the found advisories. */
export function fixedVersions(found: readonly FoundAdvisory[]): ReadonlyMap<Advisory['component'], string> {
  const versions = new Map<Advisory['component'], string>()
  for (const {fixed, advisory} of found) {
    const [known, needed] = [parseVersion(versions.get(advisory.component) ?? '0'), parseVersion(fixed)]
    if (known && needed && compareVersions(known, needed) < 0) versions.set(advisory.component, fixed)
  }
  return versions
}
