import type {PlannedSync} from '../../container/sync/container-syncs.js'
import type {ContentOrigin} from '../content/mount-contents.js'
import type {ExcludablePart} from '../exclude/excludable-parts.js'
import type {RunSettings} from '../../image/run-settings.js'
import type {PackagedSecret} from '../secret/secret-gate.js'
import type {TakenTag} from '../target/check-tags.js'
import type {OtherService} from '../target/other-services.js'
import type {Destinations} from '../target/naming.js'
import type {Writer} from '../content/model.js'
import type {PauseMode} from '../capture/pause-mode.js'
import type {PackageWay, Project} from '../target/model.js'
import type {PlannedOutput} from '../output/plan-output.js'

/** A mount in a plan or a result. */
export interface PackagedMount {
  /** Where it is in the container. */
  readonly destination: string
  /** Docker's word: `volume`, `bind` or `tmpfs`. */
  readonly type: string
  /** Bytes of its files; null if it was not read. */
  readonly bytes: number | null
  /** Whether it goes into the package. */
  readonly included: boolean
  /**
   * For an included bind, where its content is read: `source` on the host, or `moved` there since; from the `container`, the only
   * one that still has it; its `replacement`, which the container does not have; `unknown` if there is no way to tell. Null for
   * all other mounts.
   */
  readonly content: ContentOrigin | null
  /** Why it is left out. */
  readonly reason: string | null
  /** The flag that includes it. */
  readonly flag: string | null
}

/** What will be packaged, and how: known before anything happens, and the only input for the rest. */
export interface PackagePlan {
  readonly container: string
  readonly destinations: Destinations
  readonly project: Project
  readonly mounts: readonly PackagedMount[]
  /** Whether the mounts were measured completely. */
  readonly measured: boolean
  /** Names in the environment that are not in the container's image, or have another value there. */
  readonly addedEnvironment: readonly string[]
  /** How the container was run, beyond what an image can contain: kept in a label. */
  readonly settings: RunSettings
  readonly push: boolean
  /** For how long the container is paused. */
  readonly pause: PauseMode
  /** Which way it goes. */
  readonly way: PackageWay
  /** The file that it is written to; undefined for none. */
  readonly output: PlannedOutput | undefined
  /** Names of the package that something else has now, and that will be moved. */
  readonly replaces: readonly TakenTag[]
  /** Other running containers that may write to the mounts while they are read, or would if they were not paused too. */
  readonly writers: readonly Writer[]
  /** The other services of its compose project. */
  readonly otherServices: readonly OtherService[]
  /** What will be done about the syncs into the container before it is read. */
  readonly syncs: readonly PlannedSync[]
  /** Files that look like secrets. */
  readonly secrets: readonly PackagedSecret[]
  readonly excluded: PackageExclusions
  /** Paths and patterns of `--exclude`: the user is warned of one that matches nothing. */
  readonly wantedExclusions: readonly string[]
  /** Parts of the mounts that a project could do without. */
  readonly excludable: readonly ExcludablePart[]
  /** How many layers it has at most. */
  readonly layers: number
  /** Files in the mounts, as far as they were measured. */
  readonly entries: number
  readonly agentFiles: AgentFiles
  /** Names of labels that name a home folder of the host: they are left out. */
  readonly labelsLeftOut: readonly string[]
  readonly author: string | undefined
  readonly message: string | undefined
  /** Whether the image is read back and compared with the container before it is tagged. */
  readonly verify: boolean
}

/** Agent files in the container. */
export interface AgentFiles {
  /** Paths in its writable layer. */
  readonly paths: readonly string[]
  /** Destinations of mounts that may have some too. */
  readonly mounts: readonly string[]
}

/** What the user excludes from a package. */
export interface PackageExclusions {
  /** The topmost paths; before the container is read, only those in mounts. */
  readonly paths: readonly string[]
  /** Names of variables. */
  readonly environment: readonly string[]
}
