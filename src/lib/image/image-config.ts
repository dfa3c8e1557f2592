import {toolOf} from '../label/tool-labels.js'
import type {ContainerDetails, ImageDetails, RuntimeConfig} from '../engine/types.js'
import type {Image, ImageConfig} from './model.js'

/** Facts about the image they are on: the base image's are not true for a package made from it. */
const PROVENANCE =
  /^(?:com\.keg\.|org\.opencontainers\.image\.(?:created|authors|source|revision|version|base\.name|base\.digest)$)/

/**
 * The runtime configuration of a package, and its labels: the container's own, as it runs, but only with the VOLUMEs of its image
 * (those of a `-v` are not the app's), and without labels by which tools recognize their containers, and those of keg and earlier
 * packages. Env values are kept as they are: `addedEnvironment` lists the names that do not come from the base image.
 */
export function packageConfig(
  container: ContainerDetails,
  base: ImageDetails,
  labels: Readonly<Record<string, string>>,
): Pick<Image, 'labels'> & Pick<ImageConfig, 'config'> {
  const config = container.Config
  const kept = Object.entries(config.Labels ?? {}).filter(
    ([name, value]) => !PROVENANCE.test(name) && toolOf(name, value) === undefined,
  )
  const entries: Record<Exclude<keyof RuntimeConfig, 'Labels'>, unknown> = {
    User: config.User,
    ExposedPorts: config.ExposedPorts,
    Env: config.Env,
    Entrypoint: config.Entrypoint,
    Cmd: config.Cmd,
    Healthcheck: config.Healthcheck,
    Volumes: base.Config?.Volumes,
    WorkingDir: config.WorkingDir,
    // For builds from the image; engines do not hand these on to containers.
    OnBuild: base.Config?.OnBuild,
    Shell: base.Config?.Shell,
    StopSignal: config.StopSignal,
    StopTimeout: config.StopTimeout,
    ArgsEscaped: config.ArgsEscaped,
    // These belong to a terminal session, not to an image.
    Tty: undefined,
    OpenStdin: undefined,
  }
  return {
    config: Object.fromEntries(Object.entries(entries).filter(([, value]) => !isAbsent(value))),
    labels: {...Object.fromEntries(kept), ...labels},
  }
}

/** Names in the container's environment that are not in its image, or have another value there: `-e`, `--env-file`. */
export function addedEnvironment(container: ContainerDetails, base: ImageDetails): string[] {
  const ofBase = new Set(base.Config?.Env ?? [])
  const added = (container.Config.Env ?? []).filter((assignment) => !ofBase.has(assignment))
  return added.map((assignment) => assignment.split('=', 1)[0] ?? assignment).sort()
}

function isAbsent(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === false) return true
  return typeof value === 'object' && Object.keys(value).length === 0
}
