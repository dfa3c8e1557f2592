import type {ShownPort} from '../../container/port/reachable-address.js'
import type {RefusedSetting} from '../run/model.js'

/** A service of a project that was started. */
export interface StartedService {
  /** Its name in the compose file. */
  readonly service: string
  /** Names of its containers. */
  readonly containers: readonly string[]
  /** Its image, `name@digest`. */
  readonly image: string
  /** Published ports. */
  readonly ports: readonly ShownPort[]
  /** Its URL; null if it has no port that can answer. */
  readonly url: string | null
  /** Settings of its developer's container that were not granted, with the flags that grant them to a single container. */
  readonly notGranted: readonly RefusedSetting[]
}

/** What `package run --json` prints for a compose project. */
export interface ProjectRunResult {
  /** Name of the compose project that was started. */
  readonly project: string
  /** The package that is run. */
  readonly reference: string
  /** Of its index. */
  readonly digest: string
  /** By name. */
  readonly services: readonly StartedService[]
  /** How the typed reference was understood. */
  readonly understood: string
  /** The folder that the compose file was written to; null without `--output-compose`. */
  readonly composeFolder: string | null
}
