import type {PathPatterns} from './exclude/path-patterns.js'
import type {MountOptions} from './mount/mount-selection.js'
import type {OutputStream} from './output/plan-output.js'
import type {PackagePlan} from './plan/package-plan.js'
import type {PackageSourceOptions} from './target/package-source.js'

/** What to package, and how. */
export interface PackageOptions extends PackageSourceOptions {
  readonly mounts: MountOptions
  /** What to leave out of the package. */
  readonly exclude: PathPatterns
  /** Names of variables to leave out. */
  readonly excludeEnvironment: readonly string[]
  /** Paths of secrets that may be pushed. */
  readonly allowedSecrets: PathPatterns
  /** Whether to package a bind's new content if the container still has the old one, and keg cannot read it. */
  readonly acceptReplaced: boolean
  /** Whether to pause other containers that may write to the mounts too, without asking. */
  readonly pauseWriters: boolean
  readonly message: string | undefined
  readonly author: string | undefined
  /** Whether to read the image back and compare it with what was recorded, before it is tagged. */
  readonly verify: boolean
  /** Whether to move names that something else has, without asking. */
  readonly replaceTag: boolean
  /** Path of a file to write it to, or `-` for standard output. */
  readonly output: string | undefined
  /** The folder that paths of files start from; undefined for the work's folder. */
  readonly fileFolder?: string
  /** An image or a file with layers that the file leaves out. */
  readonly since: string | undefined
  /** Standard output, for `-`; undefined if it has another use. */
  readonly stdout: OutputStream | undefined
  /** Called with the plan, before the container is paused. */
  readonly onPlan: (plan: PackagePlan) => void
}
