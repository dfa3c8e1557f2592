import type {Digest, Reference} from '../../reference/reference.js'
import type {EngineWork} from '../../engine/engine-work.js'
import type {ContainerDetails, ImageDetails} from '../../engine/types.js'
import type {ExecStreams} from '../../container/exec/exec-streams.js'
import type {ContainerPort, PortRequest} from '../../container/port/published-ports.js'
import type {ShownPort} from '../../container/port/reachable-address.js'
import type {PullPolicy} from '../../registry/obtain-image.js'
import type {CreateSyncResult} from '../../sync/create/create-result.js'
import type {ComposeModel} from '../../compose/compose-model.js'
import type {ComposeContext} from '../../compose/run-compose.js'
import type {OpenTap, OpenTapOptions} from '../../values/open-tap.js'
import type {MovedPort} from '../compose/service-ports.js'
import type {Losses} from '../containers/losses.js'
import type {Routing} from './routing.js'

/** What to start, and how. */
export interface StartTapOptions extends Pick<OpenTapOptions, 'environmentName' | 'name'> {
  /** `--from`: another image than KEG_IMAGE_FROM. */
  readonly from?: string | undefined
  /** `--command`, which overrides KEG_EXEC_CMD. */
  readonly command?: string | undefined
  /** `--pull`; undefined uses KEG_IMAGE_PULL_POLICY. */
  readonly pull?: PullPolicy | undefined
  readonly build: boolean
  /** Whether to recreate a container whose settings changed; undefined asks if something would be lost. */
  readonly recreate?: boolean | undefined
  /** Undefined uses KEG_AUTO_SYNC; true makes a missing Mutagen an error. */
  readonly sync?: boolean | undefined
  /** Values of `-e`. */
  readonly variables: readonly string[]
  /** Values of `-p`. */
  readonly publish: readonly string[]
  /** How long to wait until it answers, as typed. */
  readonly wait?: string | undefined
  readonly detach: boolean
  /** Also sync with an image of another branch. */
  readonly force: boolean
  /** Only say what would be done. */
  readonly dryRun: boolean
  /** Where its command's output goes, and where keys come from, in the foreground. */
  readonly streams: ExecStreams
  /** Called once, when the tap is ready. */
  readonly ready: (result: StartResult) => void
}

/** The result for `--json`. */
export interface StartResult {
  /** Name of the tap. */
  readonly tap: string
  /** Null without git. */
  readonly branch: string | null
  /** Its folder. */
  readonly folder: string
  /** Id of the app's container; null if there is none yet, with `--dry-run`. */
  readonly container: string | null
  /** Name of the app's container. */
  readonly name: string
  /** Name of the image. */
  readonly image: string
  /** Null if the image is in no registry. */
  readonly digest: string | null
  /** Its URL; null if it has no port to answer at. */
  readonly url: string | null
  /** Its published ports. */
  readonly ports: readonly ShownPort[]
  /** The sync of the tap's folder; null if it is not synced. */
  readonly sync: CreateSyncResult | null
  /** Whether the container was created now. */
  readonly created: boolean
  /** Why an existing container was, or would be, recreated. */
  readonly recreated: readonly string[]
  /** Warnings, for example about keys of the compose file that have no effect. */
  readonly warnings: readonly string[]
  /** What docker compose would get; null without `--dry-run`. */
  readonly model: ComposeModel | null
  /** What else would be done; null without `--dry-run`. */
  readonly plan: ShownPlan | null
}

/** The plan of a start, for JSON output. */
export interface ShownPlan {
  /** Where the image comes from, and the local one that the rest of the plan is based on: a pull or a build can bring another. */
  readonly image: {
    /** `pull` asks the registry, `build` builds it, `here` uses the local one. */
    readonly source: ImageSource
    /** Null if there is no local one. */
    readonly id: string | null
  }
  /** What happens to the app's container. */
  readonly container: {
    /** `keep` leaves a running one as it is. */
    readonly action: ContainerAction
    /** Why it is recreated; for one that is kept or only started, how it differs. */
    readonly reasons: readonly string[]
    /** What would be lost with the existing one. */
    readonly losses: readonly string[]
    /** What is removed with it, but can be recreated. */
    readonly reproducible: readonly string[]
  }
  /** What happens to the other services. */
  readonly services: readonly ServicePlan[]
  /** Networks that the app's container joins in addition to the model's. */
  readonly networks: readonly string[]
  /** Whether the folder is synced with the app's container. */
  readonly synced: boolean
  /** The question that would be asked first; null if there is none. The rest of the plan assumes a yes. */
  readonly question: {
    /** The question. */
    readonly text: string
    /** The flags that answer it. */
    readonly flags: string
  } | null
  /** docker compose's command lines, one after another: `up --detach`. */
  readonly compose: readonly string[]
}

/** What happens to a container. */
export type ContainerAction = 'create' | 'recreate' | 'start' | 'keep'

/** What happens to a service other than the app. */
export interface ServicePlan {
  /** Its name in the compose file. */
  readonly service: string
  /** `keep` leaves a running one as it is. */
  readonly action: ContainerAction
  /** Data that only its container has: if it is kept despite changes, the reason; otherwise it is lost. */
  readonly losses: readonly string[]
}

/** What every step of a start needs. `warnings` also has those of nested services. */
export interface StartContext extends EngineWork {
  readonly options: StartTapOptions
  readonly opened: OpenTap
  /** From {@link tapProject}. */
  readonly project: string
  readonly compose: ComposeContext
  /** `-p`, parsed. */
  readonly ports: readonly PortRequest[]
  /** `-e`, each as `KEY=VALUE`, or `KEY` to remove one. */
  readonly variables: readonly string[]
  readonly waitMilliseconds: number
}

/** Where an image comes from: built, pulled if the registry has another, or the local one. */
export type ImageSource = 'build' | 'pull' | 'here'

/** Where the image of a tap comes from. */
export interface ImagePlan {
  readonly reference: Reference
  /** As docker shows it. */
  readonly name: string
  readonly source: ImageSource
  /** Undefined if no registry may be asked. */
  readonly policy: PullPolicy | undefined
  /** The local image with that name. */
  readonly local: ImageDetails | undefined
  /** Whether it can be built. */
  readonly isBuildable: boolean
  /** Whether it is built because it cannot be had otherwise. */
  readonly isBuiltForWant: boolean
}

/** The image that a tap's container is made from. */
export interface TapImage extends Pick<ImagePlan, 'name' | 'reference' | 'source'> {
  /** Undefined if it is not here yet, with `--dry-run`. */
  readonly image: ImageDetails | undefined
  readonly digest: Digest | undefined
}

/** What should run, whatever exists already. */
export interface WantedTap {
  /** As docker compose gets it, except for the host ports. */
  readonly model: ComposeModel
  readonly service: string
  readonly image: TapImage
  readonly reach: Routing
  /** Digests of the services' settings, by name. */
  readonly settings: Readonly<Record<string, string>>
  /** Ports of the app's container that keg publishes on 127.0.0.1. */
  readonly wanted: readonly ContainerPort[]
}

/** A tap's existing containers. */
export interface ExistingContainers {
  readonly main: ContainerDetails | undefined
  readonly services: readonly ContainerDetails[]
}

/** Whose code an image has, compared to what is checked out. */
export type CodeOrigin =
  /** Unknown, or the same. */
  | {readonly kind: 'same'}
  | {readonly kind: 'other-branch'; readonly branch: string; readonly checkedOut: string}
  | {readonly kind: 'other-commit'; readonly commit: string; readonly checkedOut: string}

/** An image whose code may differ from the folder's. */
export interface CodeOfImage {
  /** As docker shows it. */
  readonly name: string
  readonly origin: CodeOrigin
}

/** A container other than the app's. */
export interface ObservedService {
  readonly container: ContainerDetails
  /** Whether its settings changed. */
  readonly isChanged: boolean
  /** Data that only it has; only looked for if it may be recreated. */
  readonly losses: readonly string[]
}

/** Everything that decides about a start, as found. */
export interface StartObservation {
  readonly existing: ExistingContainers
  /** Host ports that the app's container needs again, and that are taken now: `8080`. */
  readonly lostPorts: readonly string[]
  /** Networks that a stopped container needs again, and that were removed. */
  readonly lostNetworks: readonly string[]
  /** KEG_EXEC_CMD, if the app's container gets it and is not idle, so that no exec can pass it on. */
  readonly command: string | undefined
  /** What would be lost with the app's container; only looked for if it may be recreated. */
  readonly losses: Losses
  /** Whether the app's container is idle; only checked if it may be recreated. */
  readonly isIdle: boolean
  readonly services: readonly ObservedService[]
  /** The image chosen by `--from`, and the one that an earlier `--from` chose for the app's container. */
  readonly chosenCode: CodeOfImage | undefined
  readonly existingCode: CodeOfImage | undefined
  /** The model with free host ports, and which of them differ from the requested ones. */
  readonly placed: PlacedModel
}

/** A model with all its host ports. */
export interface PlacedModel {
  readonly model: ComposeModel
  readonly moved: readonly MovedPort[]
}

/** The user's choices for a start, by flags and answers. */
export interface StartChoices {
  /** `--recreate` or `--no-recreate`. */
  readonly recreate: boolean | undefined
  /** `--force`. */
  readonly force: boolean
  /** `--build`. */
  readonly build: boolean
  /** Whether the image is another than in the files. */
  readonly isChosen: boolean
  /** Whether to sync the folder. */
  readonly sync: boolean
  readonly answers: StartAnswers
}

/** The answers so far. */
export interface StartAnswers {
  readonly recreate?: 'start' | 'recreate'
  readonly code?: 'no-sync' | 'force'
}

/** A question to answer before a start. */
export type StartQuestion =
  | {
      readonly kind: 'recreate'
      readonly container: ContainerDetails
      readonly differences: readonly string[]
      /** Whether it can be started as it is. */
      readonly canStart: boolean
      readonly losses: Losses
    }
  | {readonly kind: 'code'; readonly name: string; readonly origin: CodeOrigin & {readonly kind: 'other-branch'}}

/** One step of a start. */
export type StartStep =
  | {
      readonly kind: 'compose'
      /** For example `up --detach`. */
      readonly args: readonly string[]
      /** The stage's name in progress. */
      readonly stage: string
    }
  /** Removes a container because the new one needs its name. */
  | {readonly kind: 'remove'; readonly container: string}

/** A plan for a start: only data. Carrying it out makes no more decisions, unless the engine refuses a port. */
export interface StartPlan {
  readonly wanted: WantedTap
  readonly placed: PlacedModel
  readonly existing: ExistingContainers
  readonly container: {
    readonly action: ContainerAction
    readonly reasons: readonly string[]
    readonly losses: Losses
  }
  readonly services: readonly ServicePlan[]
  /** Empty if everything runs. */
  readonly steps: readonly StartStep[]
  readonly isSynced: boolean
  /** What the user should know about it; warnings begin so. */
  readonly notices: readonly string[]
  /** The question to ask first; the rest of the plan assumes a yes. */
  readonly question: StartQuestion | undefined
}
