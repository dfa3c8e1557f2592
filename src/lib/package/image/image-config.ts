import type {ContainerDetails, ImageDetails, RuntimeConfig} from '../../engine/types.js'
import {CONTAINER_LABELS} from '../../target/container-labels.js'

/** Labels by which a tool takes a container for its own; in an image they would make it adopt a reviewer's container. */
const TOOL_LABELS = /^(?:com\.docker\.(?:compose|stack|swarm|desktop)\.|desktop\.docker\.io\/)/

/** Facts about the image they are on: those of the base image are not true of a package made from it. */
const PROVENANCE =
  /^(?:com\.keg\.|org\.opencontainers\.image\.(?:created|authors|source|revision|version|base\.name|base\.digest)$)/

/** On the container of a tap these say where its developer reaches it; a proxy would take two containers for one. */
const PROXY_LABELS = /^traefik\./

/**
 * The runtime configuration of a package: the container's own, as it runs, with the VOLUMEs of its image only (those of a
 * `-v` are not the app's), and without the labels of compose, Docker Desktop, a tap's proxy and earlier packages. Env values are kept as
 * they are: `addedEnvironment` tells which names are not the base image's.
 */
export function packageConfig(
  container: ContainerDetails,
  base: ImageDetails,
  labels: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const config = container.Config
  const isTap = config.Labels?.[CONTAINER_LABELS.tapMain] !== undefined
  const dropped = [TOOL_LABELS, PROVENANCE, ...(isTap ? [PROXY_LABELS] : [])]
  const kept = Object.entries(config.Labels ?? {}).filter(([name]) => !dropped.some((pattern) => pattern.test(name)))
  const entries: Record<keyof RuntimeConfig, unknown> = {
    User: config.User,
    ExposedPorts: config.ExposedPorts,
    Env: config.Env,
    Entrypoint: config.Entrypoint,
    Cmd: config.Cmd,
    Healthcheck: config.Healthcheck,
    Volumes: base.Config?.Volumes,
    WorkingDir: config.WorkingDir,
    // Engines do not hand these on to containers; they are for builds from the image.
    OnBuild: base.Config?.OnBuild,
    Shell: base.Config?.Shell,
    StopSignal: config.StopSignal,
    StopTimeout: config.StopTimeout,
    ArgsEscaped: config.ArgsEscaped,
    Labels: {...Object.fromEntries(kept), ...labels},
    // These are of a terminal session, not of an image.
    Tty: undefined,
    OpenStdin: undefined,
  }
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => !isAbsent(value)))
}

/** Names of the container's environment that its image does not have, or has with another value: `-e`, `--env-file`. */
export function addedEnvironment(container: ContainerDetails, base: ImageDetails): string[] {
  const ofBase = new Set(base.Config?.Env ?? [])
  const added = (container.Config.Env ?? []).filter((assignment) => !ofBase.has(assignment))
  return added.map((assignment) => assignment.split('=', 1)[0] ?? assignment).sort()
}

function isAbsent(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === false) return true
  return typeof value === 'object' && Object.keys(value).length === 0
}
